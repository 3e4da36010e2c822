//! Which types are of which traits, asked of the compiler.

/// Asserts which types are of which traits: `Sender<u8>: Send = true, Copy = false;`
#[macro_export]
macro_rules! assert_is {
    ($($type:ty: $($bound:path = $expected:expr),+;)+) => {$($({
        trait Otherwise {
            const ANSWER: bool = false;
        }
        struct Ask<T>(::std::marker::PhantomData<T>);
        impl<T> Otherwise for Ask<T> {}
        impl<T: $bound> Ask<T> {
            const ANSWER: bool = true;
        }
        // Both constants are there; the bound decides which one is found.
        assert!(<Ask<u8>>::ANSWER && !<Ask<u8> as Otherwise>::ANSWER);
        let found = <Ask<$type>>::ANSWER;
        assert_eq!(found, $expected, "{}: {}", stringify!($type), stringify!($bound));
    })+)+};
}
