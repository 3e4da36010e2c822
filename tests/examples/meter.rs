//! `meter`: what the audio thread asks of the allocator and of the system.

use super::printed;

#[test]
fn the_audio_thread_neither_allocates_nor_calls_the_system() {
    let printed = printed("meter", &[]);
    let of = |screen| {
        let start = format!("while the screen {screen}, 200 callbacks: ");
        printed.lines().find_map(|line| line.strip_prefix(&start)).expect("such a line")
    };
    let (polled, waited) = (of("polled"), of("waited"));
    if cfg!(target_os = "linux") {
        assert_eq!(polled, "0 allocations, 0 system calls");
        // A wake is one, and how often the screen sleeps is not said.
        assert!(waited.starts_with("0 allocations, ") && waited.ends_with(" system calls"));
    } else {
        let uncounted = "0 allocations, system calls not counted: only Linux counts them here";
        assert_eq!([polled, waited], [uncounted; 2]);
    }
}
