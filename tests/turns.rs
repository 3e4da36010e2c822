//! Which call a send notifies: the next one in turn, and one more past a task that may be stalled.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, Sender, channel};
use proptest::{collection::vec, prelude::*, sample::select};
use std::{
    cell::Cell,
    fs,
    future::Future,
    iter, mem,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

mod common {
    pub(crate) mod parked;
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{parked::Sleeper, waker::Task, watchdog::watched};

/// Which of these were woken since this was asked last: each of them once.
fn woken<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Vec<usize> {
    let times = tasks.into_iter().map(|task| task.seen().woken).enumerate();
    let woken = times.filter(|(_, times)| *times > 0);
    woken.inspect(|woken| assert_eq!(woken.1, 1, "{woken:?}")).map(|(at, _)| at).collect()
}

fn tasks(count: usize) -> Vec<Task> {
    (0..count).map(|_| Task::new()).collect()
}

/// A channel with so many receivers, in the order of their places.
fn receivers<T>(count: usize) -> (Sender<T>, Vec<Receiver<T>>) {
    let (tx, first) = channel();
    let clones: Vec<_> = (1..count).map(|_| first.clone()).collect();
    (tx, iter::once(first).chain(clones).collect())
}

/// Polls a future of `rx` that was forgotten when it was pending, if there is one, or else a new one.
fn poll<T>(task: &Task, rx: &mut Receiver<T>) -> Poll<T> {
    let mut future = rx.recv_async();
    match task.poll(&mut future) {
        Poll::Ready(value) => Poll::Ready(value.unwrap()),
        Poll::Pending => {
            // The next future of this receiver goes on where this one was.
            mem::forget(future);
            Poll::Pending
        }
    }
}

#[test]
fn futures_that_wait_again_at_once_are_notified_in_turn() {
    const TURNS: usize = 25;
    for count in [1, 2, 3, 4, 7, 70] {
        let tasks = tasks(count);
        let (mut tx, rxs) = receivers(count);
        let received = vec![Cell::new(0); count];
        let mut futures: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> = Vec::new();
        for (mut rx, received) in rxs.into_iter().zip(&received) {
            futures.push(Box::pin(async move {
                while rx.recv_async().await.is_ok() {
                    received.set(received.get() + 1);
                }
            }));
        }
        for (task, future) in tasks.iter().zip(&mut futures) {
            assert!(task.poll(future).is_pending());
        }
        for sent in 0..TURNS * count {
            assert_eq!(tx.send(sent), Ok(None));
            let at = sent % count;
            assert_eq!(woken(&tasks), [at], "send {sent} to {count}");
            assert!(tasks[at].poll(&mut futures[at]).is_pending());
            assert_eq!(received[at].get(), sent / count + 1);
        }
        assert!(received.iter().all(|received| received.get() == TURNS));
    }
}

/// Each that is notified gives up, and waits again at once: so one value goes round.
#[test]
fn futures_that_give_up_notify_the_next_in_turn() {
    for count in [2, 3, 4, 7, 70] {
        let tasks = tasks(count);
        let (mut tx, mut rxs) = receivers(count);
        let mut futures: Vec<_> = rxs.iter_mut().map(|rx| Some(rx.recv_async())).collect();
        for (task, future) in tasks.iter().zip(&mut futures) {
            assert!(task.poll(future.as_mut().unwrap()).is_pending());
        }
        assert_eq!(tx.send(1), Ok(None));
        for (at, future) in futures.iter_mut().enumerate() {
            assert_eq!(woken(&tasks), [at]);
            *future = None;
        }
        assert!(woken(&tasks).is_empty());
    }
}

/// The two places inside the channel are taken first, in whatever order they were left.
#[test]
fn a_dropped_receiver_leaves_its_turn_to_the_next_clone() {
    const COUNT: usize = 9;
    let others = |inside| (0..COUNT).filter(move |at| *at != inside);
    let pairs = [0, 1].into_iter().flat_map(|inside| others(inside).map(move |at| [inside, at]));
    let pairs = pairs.flat_map(|[one, other]| [vec![one, other], vec![other, one]]);
    for gone in (0..COUNT).map(|at| vec![at]).chain(pairs) {
        let tasks = tasks(COUNT);
        let (mut tx, rxs) = receivers(COUNT);
        let mut rxs: Vec<_> = rxs.into_iter().map(Some).collect();
        for at in &gone {
            rxs[*at] = None;
        }
        for at in 0..COUNT {
            if gone.contains(&at) {
                rxs[at] = rxs.iter().flatten().next().cloned();
            }
        }
        let mut rxs: Vec<_> = rxs.into_iter().flatten().collect();
        for (task, rx) in tasks.iter().zip(&mut rxs) {
            assert!(poll(task, rx).is_pending());
        }
        for at in 0..COUNT {
            assert_eq!(tx.send(at), Ok(None));
            assert_eq!(woken(&tasks), [at], "when {gone:?} had gone");
            assert_eq!(poll(&tasks[at], &mut rxs[at]), Poll::Ready(at));
        }
    }
}

/// A way to send, which is given ever greater numbers. It returns whether it displaced a value.
type Send = fn(&mut Sender<i32>, i32) -> bool;

const WAYS: [(&str, Send); 5] = [
    ("send", |tx, value| tx.send(value).unwrap().is_some()),
    ("send_newest", |tx, value| tx.send_newest(value).unwrap().is_some()),
    // What it displaces is newer, and goes back in.
    ("send_newest, too old", |tx, value| {
        let old = -1 - value;
        tx.send_newest(old).unwrap().inspect(|not_kept| assert_eq!(*not_kept, old)).is_some()
    }),
    ("send_newest_by_key", |tx, value| tx.send_newest_by_key(value, |it| *it).unwrap().is_some()),
    ("shared", |tx, value| tx.clone().into_shared().send(value).unwrap().is_some()),
];

/// None of those that are woken is polled.
#[test]
fn a_send_that_displaces_a_value_passes_a_stalled_task() {
    for (name, send) in WAYS {
        for count in [1, 2, 3, 7, 70] {
            let tasks = tasks(count);
            let (mut tx, mut rxs) = receivers(count);
            for (task, rx) in tasks.iter().zip(&mut rxs) {
                assert!(poll(task, rx).is_pending());
            }
            for sent in 0..count {
                let displaced = send(&mut tx, sent.try_into().unwrap());
                assert_eq!(displaced, sent > 0, "{name}");
                assert_eq!(woken(&tasks), [sent], "{name}");
            }
            for sent in count..count + 3 {
                assert!(send(&mut tx, sent.try_into().unwrap()));
                assert!(woken(&tasks).is_empty(), "{name}: all were notified");
            }
            // The last one is there, and those that were stalled lose nothing: they wait again.
            assert!(poll(&tasks[count - 1], &mut rxs[count - 1]).is_ready());
            for at in 0..count - 1 {
                assert!(poll(&tasks[at], &mut rxs[at]).is_pending(), "{name}");
            }
            for sent in 0..count - 1 {
                assert_eq!(send(&mut tx, 999), sent > 0);
                assert_eq!(woken(&tasks), [sent]);
            }
        }
    }
}

/// A send that finds an empty slot has nothing to make up for: a receiver was there.
#[test]
fn a_stalled_task_is_passed_only_when_a_value_is_displaced() {
    for (name, send) in WAYS {
        let tasks = tasks(2);
        let (mut tx, mut rxs) = receivers(3);
        assert!(poll(&tasks[0], &mut rxs[0]).is_pending());
        assert!(poll(&tasks[1], &mut rxs[1]).is_pending());
        assert!(!send(&mut tx, 1));
        assert_eq!(woken(&tasks), [0]);
        for sent in 2..10 {
            assert!(rxs[2].try_recv().is_ok());
            assert!(!send(&mut tx, sent));
            assert!(woken(&tasks).is_empty(), "{name}");
        }
        assert!(send(&mut tx, 10));
        assert_eq!(woken(&tasks), [1], "{name}");
    }
}

/// It is woken by each send, in addition to the call whose turn it is.
#[test]
fn a_waker_left_behind_takes_no_turn() {
    for left in 0..3 {
        let tasks = tasks(3);
        let (mut tx, mut rxs) = receivers(3);
        let calls: Vec<_> = (0..3).filter(|at| *at != left).collect();
        for at in &calls {
            assert!(poll(&tasks[*at], &mut rxs[*at]).is_pending());
        }
        for sent in 0..10 {
            assert!(rxs[left].poll_recv(&mut tasks[left].context()).is_pending());
            assert_eq!(tx.send(sent), Ok(None));
            let next = calls[sent % 2];
            assert_eq!(woken(&tasks), [left.min(next), left.max(next)], "send {sent}");
            assert_eq!(poll(&tasks[next], &mut rxs[next]), Poll::Ready(sent));
            assert!(poll(&tasks[next], &mut rxs[next]).is_pending());
        }
    }
}

#[test]
#[cfg(target_os = "linux")] // it must see that a thread is asleep
fn a_parked_thread_behind_a_stalled_task_is_unparked_by_the_next_send() {
    watched(|watch| {
        for (name, send) in WAYS {
            let task = Task::new();
            let (mut tx, mut rxs) = receivers(2);
            let mut parks = rxs.pop().unwrap();
            parks.set_spin_limit(0);
            assert!(poll(&task, &mut rxs[0]).is_pending());
            let sleeper = Sleeper::default();
            thread::scope(|scope| {
                let receiver = scope.spawn(|| {
                    let _running = watch.running("receiver");
                    sleeper.is_this_thread();
                    parks.recv()
                });
                let _running = watch.running(name);
                sleeper.until_asleep();
                assert!(!send(&mut tx, 1));
                assert_eq!(task.seen().woken, 1);
                assert!(!receiver.is_finished());
                assert!(send(&mut tx, 2), "the task is stalled, and the thread asleep");
                assert!(receiver.join().unwrap().is_ok());
            });
        }
    });
}

/// How often to try what shows something only if a thread that was unparked comes late enough.
const ATTEMPTS: usize = 2000;
/// How often it need show it.
const SHOWN: usize = 20;

/// A thread that was unparked comes back to the channel by itself, so tasks behind it sleep on.
#[test]
#[cfg(target_os = "linux")] // it must see that a thread is asleep
fn a_burst_over_a_parked_thread_wakes_no_task() {
    watched(|watch| {
        let mut shown = 0;
        for _ in 0..ATTEMPTS {
            let tasks = tasks(2);
            let (mut tx, mut rxs) = receivers(3);
            let mut parks = rxs.remove(0);
            parks.set_spin_limit(0);
            for (task, rx) in tasks.iter().zip(&mut rxs) {
                assert!(poll(task, rx).is_pending());
            }
            let sleeper = Sleeper::default();
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _running = watch.running("receiver");
                    sleeper.is_this_thread();
                    parks.recv().unwrap();
                });
                let _running = watch.running("sender");
                sleeper.until_asleep();
                assert_eq!(tx.send(0), Ok(None));
                for sent in 1..4 {
                    if tx.send(sent).unwrap().is_none() {
                        // The thread was there, and left the next value to the next one.
                        return;
                    }
                    assert!(woken(&tasks).is_empty());
                }
                shown += 1;
            });
            if shown == SHOWN {
                break;
            }
        }
        assert!(shown > 0);
    });
}

/// How often this thread has given its core up to wait, if the kernel says so.
fn waits() -> Option<u64> {
    fs::read_to_string("/proc/thread-self/status")
        .ok()?
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?
        .trim()
        .parse()
        .ok()
}

/// A second thread would find nothing, and park again.
#[test]
#[cfg(target_os = "linux")] // it must see that a thread is asleep
fn a_burst_over_parked_threads_unparks_one() {
    const THREADS: usize = 4;
    watched(|watch| {
        let (mut shown, mut each_parked_once) = (0, 0);
        for _ in 0..ATTEMPTS {
            let (mut tx, mut rxs) = receivers(THREADS + 1);
            let looks = rxs.pop().unwrap();
            let sleepers = [(); THREADS].map(|()| Sleeper::default());
            let received = AtomicUsize::new(0);
            let (displaced, parked) = thread::scope(|scope| {
                let threads: Vec<_> = rxs
                    .iter_mut()
                    .zip(&sleepers)
                    .map(|(rx, sleeper)| {
                        let received = &received;
                        scope.spawn(move || {
                            let _running = watch.running("one of those that park");
                            rx.set_spin_limit(0);
                            let before = waits();
                            sleeper.is_this_thread();
                            rx.recv().unwrap();
                            received.fetch_add(1, SeqCst);
                            waits().zip(before).map(|(after, before)| after - before)
                        })
                    })
                    .collect();
                let _running = watch.running("sender");
                sleepers.iter().for_each(Sleeper::until_asleep);
                assert_eq!(tx.send(0), Ok(None));
                let displaced = tx.send(1).unwrap().is_some();
                // Then a value for each that is left.
                while received.load(SeqCst) < THREADS {
                    if looks.is_empty() {
                        tx.send(2).unwrap();
                    }
                    thread::yield_now();
                }
                let parked: Vec<_> =
                    threads.into_iter().map(|thread| thread.join().unwrap()).collect();
                (displaced, parked)
            });
            if displaced {
                shown += 1;
                // The kernel counts other waits, too, but seldom one.
                let once = parked.iter().all(|times| times.is_none_or(|times| times == 1));
                each_parked_once += usize::from(once);
            }
            if shown == SHOWN {
                break;
            }
        }
        assert!(shown > 0);
        assert!(2 * each_parked_once > shown, "{each_parked_once} of {shown}");
    });
}

/// What a receiver does between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It does not wait.
    Idle,
    /// It waits in a call.
    InCall,
    /// It has left a waker behind.
    Left,
    /// It waited in a call, and was notified.
    Notified,
}

/// Exactly which receivers are notified, as long as no two threads are at it.
struct Model {
    states: Vec<State>,
    is_full: bool,
    /// The next send that finds the slot empty notifies.
    is_waiting: bool,
    /// The next send that displaces a value notifies.
    may_stall: bool,
    /// Whose turn it is.
    turn: usize,
    /// For each that waits in a call: which calls were notified meanwhile.
    meanwhile: Vec<Vec<usize>>,
}

impl Model {
    fn new(receivers: usize) -> Self {
        Self {
            states: vec![State::Idle; receivers],
            is_full: false,
            is_waiting: false,
            may_stall: false,
            turn: 0,
            meanwhile: vec![Vec::new(); receivers],
        }
    }

    fn begins(&mut self, at: usize, state: State) {
        self.states[at] = state;
        self.is_waiting = true;
        self.meanwhile[at].clear();
    }

    /// Returns which are woken: all that were left behind, and the next one in a call.
    fn notify(&mut self) -> Vec<usize> {
        let count = self.states.len();
        let mut woken: Vec<_> = (0..count).filter(|at| self.states[*at] == State::Left).collect();
        for at in &woken {
            self.states[*at] = State::Idle;
        }
        let mut round = (self.turn..count).chain(0..self.turn);
        if let Some(next) = round.find(|at| self.states[*at] == State::InCall) {
            self.states[next] = State::Notified;
            self.turn = next + 1;
            self.may_stall = true;
            woken.push(next);
            woken.sort_unstable();
            for (at, meanwhile) in self.meanwhile.iter_mut().enumerate() {
                if self.states[at] == State::InCall {
                    assert!(!meanwhile.contains(&next), "{next} for the second time, before {at}");
                    meanwhile.push(next);
                }
            }
        }
        woken
    }

    fn notify_if(&mut self, duty: bool) -> Vec<usize> {
        if duty { self.notify() } else { Vec::new() }
    }

    fn send(&mut self) -> Vec<usize> {
        let duty = if mem::replace(&mut self.is_full, true) {
            mem::take(&mut self.may_stall)
        } else {
            mem::take(&mut self.is_waiting)
        };
        self.notify_if(duty)
    }

    /// Returns whether there was a value. Where a notified one has it, the next send notifies another.
    fn take(&mut self, was_notified: bool) -> bool {
        let taken = mem::take(&mut self.is_full);
        if taken {
            self.is_waiting = was_notified;
        }
        taken
    }

    /// A receiver stops waiting. Returns whether it was notified.
    fn stops(&mut self, at: usize) -> bool {
        mem::replace(&mut self.states[at], State::Idle) == State::Notified
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Send(Send),
    /// Polls a future, and forgets it.
    Poll(usize),
    /// Polls, and leaves a waker behind.
    Leave(usize),
    /// Drops the future.
    GiveUp(usize),
    /// Takes the value without waiting.
    Take(usize),
    /// Goes, and another one comes.
    Replace(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let send = select(WAYS.map(|(_, send)| send).to_vec());
    prop_oneof![
        4 => send.prop_map(Step::Send),
        8 => any::<usize>().prop_map(Step::Poll),
        2 => any::<usize>().prop_map(Step::Leave),
        1 => any::<usize>().prop_map(Step::GiveUp),
        1 => any::<usize>().prop_map(Step::Take),
        1 => any::<usize>().prop_map(Step::Replace),
    ]
}

/// Plays the steps; after each, exactly those are woken that the model says, and it finds what the model says.
fn play(count: usize, steps: Vec<Step>) {
    let tasks = tasks(count);
    let (mut tx, mut rxs) = receivers(count);
    let mut model = Model::new(count);
    for (number, step) in (0..).zip(steps) {
        let mut expected = Vec::new();
        match step {
            Step::Send(send) => {
                let was_full = model.is_full;
                expected = model.send();
                assert_eq!(send(&mut tx, number), was_full);
            }
            Step::Poll(at) => {
                let at = at % count;
                let was_notified = model.stops(at);
                let taken = model.take(was_notified);
                if !taken {
                    model.begins(at, State::InCall);
                }
                assert_eq!(poll(&tasks[at], &mut rxs[at]).is_ready(), taken);
            }
            Step::Leave(at) => {
                let at = at % count;
                let was_notified = model.stops(at);
                expected = model.notify_if(was_notified);
                let taken = model.take(false);
                if !taken {
                    model.begins(at, State::Left);
                }
                let poll = rxs[at].poll_recv(&mut tasks[at].context());
                assert_eq!(poll.is_ready(), taken);
            }
            Step::GiveUp(at) => {
                let at = at % count;
                if model.states[at] != State::Left {
                    let was_notified = model.stops(at);
                    expected = model.notify_if(was_notified);
                }
                drop(rxs[at].recv_async());
            }
            Step::Take(at) => assert_eq!(rxs[at % count].try_recv().is_ok(), model.take(false)),
            Step::Replace(at) => {
                let at = at % count;
                let was_notified = model.stops(at);
                expected = model.notify_if(was_notified);
                drop(rxs.remove(at));
                let clone = rxs[0].clone();
                rxs.insert(at, clone);
            }
        }
        assert_eq!(woken(&tasks), expected, "step {number}");
    }
}

fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 2048;
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn exactly_the_next_in_turn_is_notified(
        count in select(vec![2, 3, 4, 6, 15, 150]),
        steps in vec(step(), 0..120),
    ) {
        play(count, steps);
    }
}

/// A walk is late: in the middle of it other sends notify five calls. It leaves their turns as they are.
#[test]
fn a_walk_that_is_late_costs_one_turn() {
    /// A waker that runs other code, once.
    struct Meddles<F>(Mutex<Option<F>>);
    impl<F: FnOnce() + std::marker::Send> Wake for Meddles<F> {
        fn wake(self: Arc<Self>) {
            let meddle = self.0.lock().unwrap().take();
            if let Some(meddle) = meddle {
                meddle();
            }
        }
    }

    const COUNT: usize = 10;
    let (mut tx, mut detached) = channel();
    let rxs: Vec<_> = (0..COUNT).map(|_| detached.clone()).collect();
    let mut taker = detached.clone();
    let tasks = Arc::new(tasks(COUNT));
    let rxs = Arc::new(Mutex::new(rxs));
    for (task, rx) in tasks.iter().zip(&mut *rxs.lock().unwrap()) {
        assert!(poll(task, rx).is_pending());
    }
    // A value comes, and is taken; the call that was notified for it waits on.
    let step = {
        let (tasks, rxs) = (tasks.clone(), rxs.clone());
        move |tx: &mut Sender<u8>| {
            tx.send(1).unwrap();
            taker.try_recv().unwrap();
            let [at] = woken(&*tasks)[..] else { panic!("one call is notified for a value") };
            assert!(poll(&tasks[at], &mut rxs.lock().unwrap()[at]).is_pending());
            at
        }
    };
    let step = Arc::new(Mutex::new(step));
    let turns = |tx: &mut Sender<u8>, turns: usize| -> Vec<_> {
        (0..turns).map(|_| step.lock().unwrap()(tx)).collect()
    };
    assert_eq!(turns(&mut tx, COUNT), (0..COUNT).collect::<Vec<_>>());

    // The cursor is behind the last: the walk comes to the detached waker first, which is in the first place.
    let meanwhile = Arc::new(Mutex::new(Vec::new()));
    let meddle = {
        let (step, meanwhile, mut tx) = (step.clone(), meanwhile.clone(), tx.clone());
        move || {
            for _ in 0..5 {
                meanwhile.lock().unwrap().push(step.lock().unwrap()(&mut tx));
            }
        }
    };
    let waker = Waker::from(Arc::new(Meddles(Mutex::new(Some(meddle)))));
    assert!(detached.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    tx.send(0).unwrap();
    assert_eq!(*meanwhile.lock().unwrap(), [0, 1, 2, 3, 4]);
    let late = woken(&*tasks);
    assert_eq!(late, [0]);
    let _ = detached.try_recv();
    assert!(poll(&tasks[0], &mut rxs.lock().unwrap()[0]).is_pending());
    assert_eq!(turns(&mut tx, COUNT), [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]);
}
