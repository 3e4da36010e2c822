//! Assertions about the traits of a type, which the compiler makes.

/// Asserts that a type has each of the traits.
#[macro_export]
macro_rules! is {
    ($type:ty: $($trait:path),+) => {{
        $({
            fn has<T: ?Sized + $trait>() {}
            has::<$type>();
        })+
    }};
}

/// Asserts that a type has none of the traits: with one of them, the compiler could not choose an implementation.
#[macro_export]
macro_rules! is_not {
    ($type:ty: $($trait:path),+) => {{
        $({
            trait Ambiguous<Choice> {
                fn choose() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $trait> Ambiguous<u8> for T {}
            <$type as Ambiguous<_>>::choose();
        })+
    }};
}
