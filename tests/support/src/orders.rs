//! Every order in which things can be done.

use std::array::from_fn;

/// Returns all orders of the numbers below `N`.
pub fn orders<const N: usize>() -> impl Iterator<Item = [usize; N]> {
    let digit = |code: usize, at: usize| (0..at).fold(code, |code, _| code / N) % N;
    let codes = 0..(0..N).fold(1, |codes, _| codes * N);
    codes
        .map(move |code| from_fn(|at| digit(code, at)))
        .filter(|order: &[usize; N]| (0..N).all(|number| order.contains(&number)))
}
