//! A crowd: one task with many receivers. Most are idle; some wait in futures, or have left the task's waker behind.
//! A future that was woken is polled a while later, dropped or forgotten, and receivers come and go.

use crate::{
    actor::{Actor, moment, poll_some},
    crew::{Part, Place},
    receiver::{View, goes_on},
    tally::Count,
};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use overwrite_channel::RecvError;
use std::{mem, sync::Arc, time::Duration};
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};

/// Makes the part of a crowd, which stays as long as [a receiver](crate::receiver::part).
pub(crate) fn part<V: View + Clone>(actor: Actor, steps: Option<usize>, views: Vec<V>) -> Part {
    Part::new(Arc::clone(&actor.post), receive(actor, steps, views)).at(Place::Task)
}

async fn receive<V: View + Clone>(mut actor: Actor, mut steps: Option<usize>, mut views: Vec<V>) {
    let size = views.len();
    let mut is_over = false;
    while !is_over && goes_on(&mut steps) {
        come_and_go(&mut actor, &mut views, size);
        is_over = wait(&mut actor, &mut views).await;
        actor.doing("a crowd looks");
        V::report_progress(&mut views);
    }
    for mut view in views {
        if is_over {
            view.check_end(&actor);
        }
        view.leave(&actor);
    }
}

/// Lets receivers come, until there are `size`, and go, until there are half as many.
fn come_and_go<V: View + Clone>(actor: &mut Actor, views: &mut Vec<V>, size: usize) {
    actor.doing("receivers of a crowd come and go");
    for _ in 0..actor.dice.below(size) {
        let at = actor.dice.below(views.len());
        let comes = actor.dice.one_in(2).then(|| views[at].clone());
        if views.len() > size / 2 {
            views.swap_remove(at).leave(actor);
        }
        views.extend(comes.filter(|_| views.len() < size));
    }
}

/// Lets some receivers wait for some time. Returns `true` if no sender is left.
async fn wait<V: View>(actor: &mut Actor, views: &mut [V]) -> bool {
    let rules = Arc::clone(&actor.rules);
    let (spare, views) = views.split_first_mut().expect("some stay");
    let mut waits = FuturesUnordered::new();
    actor.doing("receivers of a crowd begin to wait");
    for view in views {
        match actor.dice.below(8) {
            0 | 1 => waits.push(view.wait()),
            2 => {
                rules.catch_in(poll_some(1, true, view.poll())).await;
            }
            _ => {}
        }
    }
    if spare.taken().is_some() && actor.dice.one_in(3) {
        // Until all wait.
        let mut poll = || rules.catch(|| waits.next().now_or_never().flatten()).flatten();
        while let Some(Ok(())) = poll() {}
        stall(actor, spare).await;
    }
    let is_patient = V::ALL_ARE_WOKEN && rules.patient;
    let most = actor.dice.pick(&[2, 20]);
    let mut rounds = actor.dice.below(most);
    let mut is_over = false;
    while is_patient || rounds > 0 {
        rounds = rounds.saturating_sub(1);
        actor.doing("a crowd waits");
        let limit = if is_patient { Duration::MAX } else { moment(&mut actor.dice) };
        match rules.catch_in(timeout(limit, waits.next())).await {
            Some(Ok(Some(Err(RecvError)))) => is_over = true,
            Some(Ok(None)) => break,
            Some(Err(_late)) => _ = Count::GivenUp.add(1),
            Some(Ok(Some(Ok(())))) | None => {}
        }
        // A future that is woken meanwhile holds up the other receivers.
        actor.doing("a crowd does something else");
        match actor.dice.below(20) {
            _ if is_patient => {}
            0 => sleep(Duration::from_millis(5)).await,
            1..4 => sleep(moment(&mut actor.dice)).await,
            4..12 => yield_now().await,
            _ => {}
        }
    }
    actor.doing("a crowd gives up");
    for future in waits {
        if actor.dice.one_in(4) {
            mem::forget(future);
        } else {
            rules.catch(|| drop(future));
        }
    }
    is_over
}

/// Polls no future until a receiver beside the crowd has taken a value. There is one that does, because the senders send
/// again, and each send that displaces a value notifies one more.
async fn stall<V: View>(actor: &Actor, spare: &V) {
    actor.doing("a crowd stalls");
    let before = spare.taken();
    while before.is_some() && spare.taken() == before {
        sleep(Duration::from_millis(1)).await;
    }
}
