#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| overwrite_channel_fuzz::channel(bytes));
