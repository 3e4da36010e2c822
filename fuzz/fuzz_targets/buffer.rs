//! See `tests/fuzz/buffer/`.
#![no_main]

#[path = "../../tests/fuzz/buffer/mod.rs"]
mod buffer;
#[expect(dead_code, unused_imports, reason = "each target uses a part of it")]
#[path = "../../tests/fuzz/shared/mod.rs"]
mod shared;
#[expect(dead_code, unused_imports, reason = "each target uses a part of it")]
#[path = "../../tests/fuzz/slot/mod.rs"]
mod slot;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shared::run::<slot::Slot<buffer::Buffer>>(
    bytes,
    |_| ()
));
