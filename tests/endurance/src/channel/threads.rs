//! Actors that are threads.

use super::{
    Value,
    receiving::{Outcome, Reader},
    sending::{Next, WAITS, Writer},
};
use crate::{tally::cancelled, wakers};
use overwrite_channel::{
    Receiver, RecvTimeoutError, TryRecvError, Waitable, wait_any, wait_any_deadline,
    wait_any_timeout,
};
use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

/// Between two looks at something that no call waits for.
const GLANCE: Duration = Duration::from_micros(50);

pub(super) fn send(mut writer: Writer) {
    loop {
        match writer.step() {
            Next::Go => {}
            Next::Yield => thread::yield_now(),
            Next::Nap(time) | Next::UntilClosed(_, Some(time)) => thread::sleep(time),
            Next::UntilTaken(mut number) => {
                writer.post.doing(WAITS);
                if !writer.is_taken_soon(number) {
                    let mut looks = 0;
                    while !writer.world.ledger.is_settled(number) {
                        looks += 1;
                        thread::sleep(GLANCE);
                        if looks % 20 == 0 {
                            number = writer.nudge(number);
                        }
                    }
                }
            }
            Next::UntilClosed(channel, None) => {
                writer.post.doing("Sender::closed");
                wakers::block_on(writer.closed(channel));
                assert!(writer.is_closed(channel), "closed, and a receiver is left");
            }
            Next::End => break,
        }
    }
    writer.leave();
}

pub(super) fn receive(mut reader: Reader, mut rx: Receiver<Value>) {
    let world = Arc::clone(&reader.world);
    while reader.goes_on() {
        if reader.dice.one_in(20) {
            world.mishaps.catch(|| reader.change(&mut rx));
        }
        match world.mishaps.catch(|| step(&mut reader, &mut rx)) {
            Some(Outcome::Got(value)) => reader.got(value),
            Some(Outcome::Nothing) | None => {}
            Some(Outcome::End) => {
                reader.check_end(&mut rx);
                break;
            }
        }
    }
    reader.leave(rx);
}

/// One receive of any kind.
fn step(reader: &mut Reader, rx: &mut Receiver<Value>) -> Outcome {
    let endless = ["recv", "recv_matching", "iter", "poll_recv", "recv_async, on a thread", "left"];
    let timed = ["timeout", "deadline", "matching timeout", "matching deadline", "try", "left"];
    let kind = match reader.world {
        _ if reader.world.patient => reader.dice.pick(&endless),
        _ if reader.world.senders_first && reader.dice.one_in(2) => reader.dice.pick(&endless),
        _ => reader.dice.pick(&timed),
    };
    let time = reader.dice.moment();
    let mut taste = reader.taste();
    match kind {
        "recv" => {
            reader.post.doing("Receiver::recv");
            rx.recv().into()
        }
        "recv_matching" => {
            reader.post.doing("Receiver::recv_matching");
            rx.recv_matching(|value| taste.wants(value)).into()
        }
        "iter" => {
            reader.post.doing("Receiver::iter");
            let values = reader.dice.within(1, 5);
            for value in rx.iter().take(values) {
                reader.got(value);
                reader.post.doing("Receiver::iter");
            }
            Outcome::Nothing
        }
        "poll_recv" => {
            reader.post.doing("Receiver::poll_recv, and parks");
            wakers::block_on(std::future::poll_fn(|cx| rx.poll_recv(cx))).into()
        }
        "recv_async, on a thread" => {
            reader.post.doing("Receiver::recv_async, on a thread");
            wakers::block_on(rx.recv_async()).into()
        }
        "left" => {
            reader.post.doing("Receiver::poll_recv, and goes on");
            match rx.poll_recv(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(result) => result.into(),
                Poll::Pending => {
                    cancelled();
                    Outcome::Nothing
                }
            }
        }
        "timeout" => {
            reader.post.doing("Receiver::recv_timeout");
            in_time(rx.recv_timeout(time))
        }
        "deadline" => {
            reader.post.doing("Receiver::recv_deadline");
            in_time(rx.recv_deadline(Instant::now() + time))
        }
        "matching timeout" => {
            reader.post.doing("Receiver::recv_matching_timeout");
            in_time(rx.recv_matching_timeout(time, |value| taste.wants(value)))
        }
        "matching deadline" => {
            reader.post.doing("Receiver::recv_matching_deadline");
            let deadline = Instant::now() + time;
            in_time(rx.recv_matching_deadline(deadline, |value| taste.wants(value)))
        }
        _ => {
            reader.post.doing("Receiver::try_recv and try_iter");
            for value in rx.try_iter().take(3) {
                reader.got(value);
            }
            rx.try_recv().into()
        }
    }
}

fn in_time(result: Result<Value, RecvTimeoutError>) -> Outcome {
    match result {
        Ok(value) => Outcome::Got(value),
        Err(RecvTimeoutError::Disconnected) => Outcome::End,
        Err(RecvTimeoutError::Timeout) => {
            cancelled();
            Outcome::Nothing
        }
    }
}

/// Waits for all channels at once.
pub(super) fn receive_any(mut reader: Reader, rxs: Vec<(usize, Receiver<Value>)>) {
    let world = Arc::clone(&reader.world);
    let (mut channels, mut rxs): (Vec<_>, Vec<_>) = rxs.into_iter().unzip();
    while !rxs.is_empty() && reader.goes_on() {
        if reader.dice.one_in(20) {
            let index = reader.dice.below(rxs.len());
            world.mishaps.catch(|| reader.change(&mut rxs[index]));
        }
        let time = reader.dice.moment();
        let kind = if world.patient { 0 } else { reader.dice.below(3) };
        let ready = world.mishaps.catch(|| {
            let mut each: Vec<_> = rxs.iter_mut().map(|rx| rx as &mut dyn Waitable).collect();
            match kind {
                0 if world.senders_first => {
                    reader.post.doing("wait_any");
                    Some(wait_any(&mut each))
                }
                1 => {
                    reader.post.doing("wait_any_deadline");
                    wait_any_deadline(&mut each, Instant::now() + time)
                }
                _ => {
                    reader.post.doing("wait_any_timeout");
                    wait_any_timeout(&mut each, time)
                }
            }
        });
        let Some(Some(ready)) = ready else {
            cancelled();
            continue;
        };
        match world.mishaps.catch(|| rxs[ready].try_recv()) {
            Some(Ok(value)) => reader.got_of(channels[ready], value),
            // Another receiver was faster.
            Some(Err(TryRecvError::Empty)) | None => {}
            Some(Err(TryRecvError::Disconnected)) => {
                reader.check_end(&mut rxs[ready]);
                channels.remove(ready);
                reader.leave(rxs.remove(ready));
            }
        }
    }
    for rx in rxs {
        reader.leave(rx);
    }
}
