//! All scenarios as tests, once for each runtime.

/// `suite!(module, Runtime)` makes a module of tests.
macro_rules! suite {
    ($module:ident, $runtime:ty) => {
        suite! { $module, $runtime,
            scenarios {
                a_task_sends_and_a_task_receives
                a_thread_sends_and_a_task_receives
                a_task_sends_and_a_parked_thread_receives
                every_value_is_accounted_for_until_the_senders_go
                every_value_is_accounted_for_until_the_receivers_go
                the_newest_value_arrives
                the_end_ends_every_waiting_task
                a_receiver_is_a_stream
                a_sender_is_a_sink
                a_sender_learns_that_the_receivers_are_gone
                a_flood_of_stale_values_starves_nobody
            }
            selects {
                tokio_select_loses_nothing
                futures_select_loses_nothing
                futures_that_stay_lose_nothing
                futures_know_that_they_have_finished
                a_loser_that_was_woken_wakes_another
                a_forgotten_wait_wakes_another_when_its_receiver_goes
                one_task_waits_for_many_channels
                one_task_waits_with_many_receivers_of_one_channel
            }
            cancelling {
                waits_are_given_up_and_a_task_stays
                waits_are_given_up_and_a_future_wanders
                waits_are_given_up_and_a_parked_thread_stays
                streams_are_given_up_and_a_task_stays
            }
            cooperation {
                a_task_that_is_always_ready_lets_others_run
                a_branch_that_is_always_ready_lets_others_run
            }
        }
    };
    ($module:ident, $runtime:ty, $($group:ident { $($name:ident)* })*) => {
        mod $module {
            $($(
                #[test]
                fn $name() {
                    $crate::watchdog::watched(|watch| {
                        let _running = watch.running(stringify!($name));
                        $crate::common::$group::$name::<$runtime>();
                    });
                }
            )*)*
        }
    };
}

pub(crate) use suite;
