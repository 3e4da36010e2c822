//! Who is who in the tables, and why some are ahead where that is known.

pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("overwrite-channel") || name.starts_with("overwrite_channel")
}

/// Not peers: they are the least that the work can cost.
pub(super) fn is_floor(name: &str) -> bool {
    ["bare ", "nothing", "a word and", "arc-swap alone"].iter().any(|floor| name.starts_with(floor))
}

/// Nobody can wait for these; some are for one sender and one receiver only.
pub(super) fn cannot_wait(name: &str) -> bool {
    let names =
        ["triple_buffer", "nexus-slot", "crossbeam ArrayQueue", "crossbeam AtomicCell", "arc-swap"];
    names.iter().any(|peer| name.starts_with(peer))
}

/// Of a table, by its title. Written by hand: nothing stands here that is a guess.
pub(super) fn reason(title: &str) -> &'static str {
    let begins = |start: &str| title.starts_with(start);
    if begins("watch: has_changed") {
        "tokio's compares two numbers; here it may look at the value, so that one that was seen is not told as new"
    } else if begins("watch: send that wakes") || begins("watch: round trip, two tasks") {
        "as much longer as the send itself"
    } else if begins("watch: send") {
        "each value is an allocation of its own, so that nobody who looks at one holds up a send; tokio's writes over \
         the one value, under a lock"
    } else if begins("round trip, 1 KiB") {
        "`ring-channel` puts a large value in a box, and hands the box over"
    } else if begins("bytes when built") || begins("blocks when built") {
        "`flume` allocates when values come"
    } else {
        ""
    }
}
