//! What the tests of other crates assert, for this one: of a channel of one, those of crossbeam-channel, flume, async-channel
//! and Kotlin's `Channel.CONFLATED`; of a watch, those of embassy and postage, and of Kotlin's `ConflatedBroadcastChannel`.
//!
//! Each case names the tests that it stands for. *Differs* says what the other crates do instead; `docs/choosing.md` lists
//! these differences. What another test of this crate asserts in the same circumstances is not asserted again.

mod channels;
mod watches;
