//! A crowd: one task with many receivers, which all see each change in the end. Some wait for it, each with a waker of
//! its own; some have left the task's waker behind; and they come and go.

use super::{Setting, World, receiver::View};
use crate::{
    actor::{Actor, come_and_go, gave_up, moment, poll_some},
    crew::{Part, Place},
};
use futures::future::join_all;
use overwrite_channel::watch::Receiver;
use std::sync::Arc;
use support::dice::Dice;
use tokio::time::timeout;

pub(super) fn part(
    world: &Arc<World>,
    index: usize,
    rxs: Vec<Receiver<Setting>>,
    dice: &mut Dice,
) -> Part {
    let actor = Actor::new(&world.rules, "crowd", dice);
    let steps = dice.pick(&[3, 20, 60]);
    let members = rxs.into_iter().map(|rx| View::new(world, rx)).collect();
    Part::new(
        &Arc::clone(&actor.post),
        Some(Place::Task),
        receive(Arc::clone(world), actor, index, steps, members),
    )
}

async fn receive(
    world: Arc<World>,
    mut actor: Actor,
    index: usize,
    mut steps: usize,
    mut members: Vec<View>,
) {
    let size = members.len();
    let mut is_over = false;
    while !is_over && (world.rules.senders_first || steps > 0) {
        steps = steps.saturating_sub(1);
        actor.doing(&"receivers of a crowd come and go");
        come_and_go(&mut actor.dice, &mut members, size, View::leave);
        is_over = wait(&mut actor, &mut members).await;
        actor.doing(&"a crowd looks");
        // Until all have seen the same change: a member that is behind may not wait next, and senders wait for it.
        loop {
            let looks = members.iter_mut().map(|member| {
                member.look();
                member.add_up()
            });
            let seen: Vec<_> = looks.collect();
            assert!(seen.is_sorted(), "a later look went back");
            world.has_seen(index, seen[0]);
            if seen.first() == seen.last() {
                break;
            }
        }
    }
    for member in members {
        if is_over {
            member.check_end();
        }
        member.leave();
    }
}

/// Lets some members wait until each of them has seen a change, or for some time. Returns `true` if no sender is left.
async fn wait(actor: &mut Actor, members: &mut [View]) -> bool {
    let rules = Arc::clone(&actor.rules);
    actor.doing(&"a crowd waits");
    let mut waits = Vec::new();
    for member in members {
        match actor.dice.below(6) {
            0 | 1 => waits.push(changed(member)),
            2 => {
                let came = rules.catch_in(poll_some(1, true, member.rx.changed())).await.flatten();
                if came == Some(Ok(())) {
                    member.report();
                }
            }
            _ => {}
        }
    }
    let waits = join_all(waits);
    let came = if rules.patient {
        rules.catch_in(waits).await
    } else {
        let waits = timeout(moment(&mut actor.dice), waits);
        let came = rules.catch_in(waits).await;
        came.and_then(|came| came.map_or_else(|_late| gave_up(), Some))
    };
    came.is_some_and(|came| came.contains(&false))
}

/// Waits for a change. Returns `false` if no sender is left.
async fn changed(member: &mut View) -> bool {
    let is_change = member.rx.changed().await.is_ok();
    if is_change {
        member.report();
    }
    is_change
}
