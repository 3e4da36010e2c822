//! One hand-over to a task that waits.

use super::{Cell, Group, WARM_UP, since};
use crate::tasks::{AsyncChannel, BareNotify, Mpsc, Overwrite, OverwriteStream, Task, Watch};
use std::{sync::Arc, time::Instant};
use tokio::runtime::Runtime;

/// There and back.
const TRIPS: usize = 100;

fn hand_overs<C: Task>(runtime: &Runtime) -> Vec<u64> {
    let (mut there, mut inbox) = C::open();
    let (mut outbox, mut back) = C::open();
    let epoch = Instant::now();
    let all = WARM_UP + TRIPS;
    let echo = runtime.spawn(async move {
        let mut nanos = vec![1; all];
        for nanos in &mut nanos {
            let sent = C::recv(&mut inbox).await;
            *nanos = since(epoch).saturating_sub(sent);
            C::send(&mut outbox, since(epoch)).await;
        }
        nanos.split_off(WARM_UP)
    });
    let measuring = runtime.spawn(async move {
        let mut nanos = vec![1; all];
        for nanos in &mut nanos {
            C::send(&mut there, since(epoch)).await;
            let sent = C::recv(&mut back).await;
            *nanos = since(epoch).saturating_sub(sent);
        }
        nanos.split_off(WARM_UP)
    });
    let mut nanos = runtime.block_on(measuring).expect("the measuring task ends well");
    nanos.extend(runtime.block_on(echo).expect("the echo ends well"));
    nanos
}

fn cell<C: Task + 'static>(runtime: &Arc<Runtime>) -> (&'static str, Cell) {
    let runtime = Arc::clone(runtime);
    (C::NAME, Box::new(move || vec![hand_overs::<C>(&runtime)]))
}

pub(super) fn group(title: &'static str, runtime: &Arc<Runtime>) -> Group {
    let cells = vec![
        cell::<BareNotify>(runtime),
        cell::<Overwrite>(runtime),
        cell::<OverwriteStream>(runtime),
        cell::<Watch>(runtime),
        cell::<Mpsc>(runtime),
        cell::<AsyncChannel>(runtime),
    ];
    Group { titles: vec![title], cells }
}
