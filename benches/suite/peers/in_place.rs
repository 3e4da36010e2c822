//! Values that stay in place, and other ways to hand over large ones. A sender fills a value with a number, and a
//! receiver looks at the first and the last word of the newest, so the contenders hand over numbers.

use super::Use;
use crate::suite::{
    check,
    prelude::*,
    waits::{Echo, between_tasks},
};
use nexus_slot::spsc;
use overwrite_channel::{Receiver, Sender, buffer, channel};
use std::sync::mpsc::{self, SyncSender, sync_channel};
use tokio::{runtime::Runtime, sync::watch};
use triple_buffer::{Input, Output, triple_buffer};

/// The shortest of this crate's names, so that the report takes it where it shows one figure of this crate.
const BUFFER: &str = "overwrite-channel, buffer";
const MOVED: &str = "overwrite-channel, channel";
const BOXES: &str = "overwrite-channel, channel of boxes";
const WATCH: &str = "tokio watch, send_modify";

/// The boxes that go round: one is filled, one lies in the channel, and the receiver has one.
const ROUND: usize = 3;

/// The end that sends. It never waits.
trait Publish: Send + 'static {
    fn publish(&mut self, number: u64);
}

/// The end that receives.
trait Update: Send + 'static {
    /// Returns the number of the newest value, if that is new.
    fn update(&mut self) -> Option<u64>;
}

trait Wait: Send + 'static {
    fn wait(&mut self) -> u64;
}

/// Makes a contender whose receiver polls.
fn polling<Tx: Publish, Rx: Update>(
    name: &'static str,
    open: impl Fn() -> (Tx, Rx) + Plain,
) -> impl Overwrites<u64> {
    let publish = |tx: &mut Tx, number| {
        tx.publish(number);
        None
    };
    lossy(peer(name, move |_| open(), publish, Rx::update))
}

/// Visits all of them, with values of a type.
pub(crate) fn each_in_place<T: Payload + Copy, V: Visit<u64>>(visit: &mut V) -> Vec<V::Found> {
    let found = [
        visit.visit(polling(BUFFER, in_buffer::<T>)),
        visit.visit(polling(MOVED, moved::<T>)),
        visit.visit(polling(BOXES, boxes::<T>)),
        visit.visit(polling("triple_buffer", || triple_buffer(&T::default()))),
        visit.visit(polling("nexus-slot", spsc::slot::<T>)),
        visit.visit(polling(WATCH, in_watch::<T>)),
    ];
    found.into_iter().flatten().collect()
}

/// What is done with a contender that a thread and a task can wait for.
pub(crate) struct Waiting {
    pub(crate) check: Use<()>,
    pub(crate) threads: Use<Option<Pair>, Timed>,
    pub(crate) tasks: Use<Arc<Runtime>, Timed>,
}

fn waiting<Tx: Publish + AsyncSend, Rx: Wait + AsyncReceive>(
    name: &'static str,
    open: impl Fn() -> (Tx, Rx) + Plain,
) -> Waiting {
    let on_thread = peer(name, move |_| open(), Tx::publish, Rx::wait);
    Waiting {
        check: Box::new(move |()| check::wakes(on_thread)),
        threads: Box::new(move |pair| Echo::timed(on_thread, pair)),
        tasks: Box::new(move |runtime| between_tasks(ends(name, move |_| open()), runtime)),
    }
}

/// Returns those that can be waited for.
pub(crate) fn waiting_in_place<T: Payload>() -> Vec<Waiting> {
    vec![waiting(BUFFER, in_buffer::<T>), waiting(MOVED, moved::<T>), waiting(BOXES, boxes::<T>)]
}

/// A `watch` of tokio's has no call that blocks.
pub(crate) fn tokio_watch_in_place<T: Payload>() -> impl Awaits {
    ends(WATCH, |_| in_watch::<T>())
}

/// Looks at a value that lies in memory.
fn number(value: &impl Payload) -> u64 {
    black_box(value).number()
}

fn in_buffer<T: Payload>() -> (buffer::Writer<T>, buffer::Reader<T>) {
    let (writer, mut reader) = buffer::channel(T::default());
    reader.set_spin_limit(0);
    (writer, reader)
}

impl<T: Payload> Publish for buffer::Writer<T> {
    fn publish(&mut self, number: u64) {
        self.fill(number);
        self.publish().expect("a reader is left");
    }
}

impl<T: Payload> Update for buffer::Reader<T> {
    fn update(&mut self) -> Option<u64> {
        self.update().then(|| number(&**self))
    }
}

impl<T: Payload> Wait for buffer::Reader<T> {
    fn wait(&mut self) -> u64 {
        number(self.wait().expect("a writer is left"))
    }
}

impl<T: Payload> AsyncReceive for buffer::Reader<T> {
    async fn take(&mut self) -> u64 {
        self.updated().await.expect("a writer is left");
        number(&**self)
    }
}

/// Sends values themselves.
struct Moves<T>(Sender<T>);

/// Sends boxes that come back: the displaced ones at once, the others from the receiver.
struct Fills<T> {
    tx: Sender<Box<T>>,
    free: Vec<Box<T>>,
    used: mpsc::Receiver<Box<T>>,
}

/// Receives values, and gives them back if they are boxes.
struct Takes<T> {
    rx: Receiver<T>,
    give_back: Option<SyncSender<T>>,
}

fn moved<T: Payload>() -> (Moves<T>, Takes<T>) {
    let (tx, mut rx) = channel();
    rx.set_spin_limit(0);
    (Moves(tx), Takes { rx, give_back: None })
}

fn boxes<T: Payload>() -> (Fills<T>, Takes<Box<T>>) {
    let (tx, mut rx) = channel();
    rx.set_spin_limit(0);
    let (give_back, used) = sync_channel(ROUND);
    let free = (0..ROUND).map(|_| Box::default()).collect();
    (Fills { tx, free, used }, Takes { rx, give_back: Some(give_back) })
}

impl<T: Payload> Publish for Moves<T> {
    fn publish(&mut self, number: u64) {
        self.0.send(T::new(number)).expect("a receiver is left");
    }
}

impl<T: Payload> Publish for Fills<T> {
    fn publish(&mut self, number: u64) {
        let free = self.free.pop().or_else(|| self.used.try_recv().ok());
        let mut value = free.expect("the boxes suffice");
        value.fill(number);
        self.free.extend(self.tx.send(value).expect("a receiver is left"));
    }
}

impl<T: Payload> Takes<T> {
    fn look(&self, value: T) -> u64 {
        let number = number(&value);
        if let Some(give_back) = &self.give_back {
            // At the end the sender is gone.
            let _ = give_back.try_send(value);
        }
        number
    }
}

impl<T: Payload> Update for Takes<T> {
    fn update(&mut self) -> Option<u64> {
        let value = self.rx.try_recv().ok()?;
        Some(self.look(value))
    }
}

impl<T: Payload> Wait for Takes<T> {
    fn wait(&mut self) -> u64 {
        let value = self.rx.recv().expect("a sender is left");
        self.look(value)
    }
}

impl<T: Payload> AsyncReceive for Takes<T> {
    async fn take(&mut self) -> u64 {
        let value = self.rx.recv_async().await.expect("a sender is left");
        self.look(value)
    }
}

impl<T: Payload> Publish for Input<T> {
    fn publish(&mut self, number: u64) {
        self.input_buffer_mut().fill(number);
        self.publish();
    }
}

impl<T: Payload> Update for Output<T> {
    fn update(&mut self) -> Option<u64> {
        self.update().then(|| number(self.output_buffer_mut()))
    }
}

/// It copies a value in and out.
impl<T: Payload + Copy> Publish for spsc::Writer<T> {
    fn publish(&mut self, number: u64) {
        self.write(T::new(number));
    }
}

impl<T: Payload + Copy> Update for spsc::Reader<T> {
    fn update(&mut self) -> Option<u64> {
        self.read().map(|value| number(&value))
    }
}

/// An end of a `watch` of tokio's, whose one value is filled and looked at under its lock.
struct Locked<End>(End);

fn in_watch<T: Payload>() -> (Locked<watch::Sender<T>>, Locked<watch::Receiver<T>>) {
    let (tx, rx) = watch::channel(T::default());
    (Locked(tx), Locked(rx))
}

impl<T: Payload> Publish for Locked<watch::Sender<T>> {
    fn publish(&mut self, number: u64) {
        self.0.send_modify(|value| value.fill(number));
    }
}

impl<T: Payload> Update for Locked<watch::Receiver<T>> {
    fn update(&mut self) -> Option<u64> {
        let changed = self.0.has_changed().expect("a sender is left");
        changed.then(|| number(&*self.0.borrow_and_update()))
    }
}

impl<T: Payload> AsyncReceive for Locked<watch::Receiver<T>> {
    async fn take(&mut self) -> u64 {
        self.0.changed().await.expect("a sender is left");
        number(&*self.0.borrow_and_update())
    }
}

impl<P: Publish> AsyncSend for P {
    async fn put(&mut self, value: u64) {
        self.publish(value);
    }
}
