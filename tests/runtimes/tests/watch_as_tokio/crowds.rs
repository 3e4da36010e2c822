//! Many tasks at once, on real runtimes.

use super::threads::whole;
use crate::watch::{Receiver, channel};
use futures::future::join_all;
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, Waiting, yield_now, yield_times},
};
use support::rounds::rounds;
use tokio::select;

on_each_runtime! {
    all_see_the_last_value_and_none_goes_back
    two_tasks_that_answer_each_other_never_miss_a_change
}

const CROWD: usize = 8;
const SENDS: usize = 2000;

/// A thread sends, or a task. Tasks see versions that only rise, up to the last, which is sent right before the channel
/// closes. Every second task gives up waiting between any two sends, and each change it has not seen is still there.
fn all_see_the_last_value_and_none_goes_back<R: Runtime>() {
    let briefly = rounds(100).map(|sends| (sends, true));
    for (sends, in_thread) in [(SENDS, true), (SENDS, false)].into_iter().chain(briefly) {
        let (tx, rx) = channel([0; 6]);
        R::run(|runtime| async move {
            let waiting = Waiting::default();
            let follow = |(number, mut rx): (usize, Receiver<_>)| {
                let waiting = waiting.clone();
                runtime.spawn(async move {
                    let (mut last, mut changes, mut given_up) = (0, 0, 0);
                    loop {
                        select! {
                            end = waiting.on(rx.changed()) => {
                                if end.is_err() {
                                    break;
                                }
                                let at_least = whole(&rx.borrow());
                                let value = whole(&rx.borrow_and_update());
                                assert!(last < at_least && at_least <= value, "{last} {value}");
                                last = value;
                                changes += 1;
                            }
                            () = yield_times((number + given_up) % 4), if number % 2 == 1 => {
                                given_up += 1;
                                yield_now().await;
                            }
                        }
                    }
                    assert_eq!((last, whole(&rx.borrow())), (sends, sends));
                    assert!((1..=sends).contains(&changes));
                })
            };
            let tasks: Vec<_> = vec![rx; CROWD].into_iter().enumerate().map(follow).collect();
            waiting.reaches(CROWD).await;
            let send_all = async move {
                for value in 1..=sends {
                    assert!(tx.send([value; 6]).is_ok());
                    if !in_thread && value % 3 == 0 {
                        yield_now().await;
                    }
                }
            };
            let sender = if in_thread {
                runtime.unblock(|| smol::block_on(send_all))
            } else {
                runtime.spawn(send_all)
            };
            join_all(tasks).await;
            sender.await;
        });
    }
}

/// A wake that is missed once stops both.
fn two_tasks_that_answer_each_other_never_miss_a_change<R: Runtime>() {
    R::run(|runtime| async move {
        let (question, mut questions) = channel(0);
        let (answer, mut answers) = channel(0);
        let echo = runtime.spawn(async move {
            let mut echoed = 0;
            while questions.changed().await.is_ok() {
                let value = *questions.borrow_and_update();
                answer.send(value).unwrap();
                echoed += 1;
            }
            echoed
        });
        for value in 1..=SENDS {
            question.send(value).unwrap();
            answers.changed().await.unwrap();
            assert_eq!(*answers.borrow_and_update(), value);
        }
        drop(question);
        assert_eq!(echo.await, SENDS);
        assert!(answers.changed().await.is_err());
    });
}
