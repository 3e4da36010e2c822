//! Finds every ordering of every atomic operation, by the syntax tree.

use crate::arena::Edit;
use anyhow::{Context, Result};
use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    path::Path,
    sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst},
};
use syn::{
    Expr, ExprMethodCall, ItemImpl, ItemTrait, Signature, Type,
    spanned::Spanned,
    visit::{self, Visit},
};
use walkdir::WalkDir;

/// What only one of the two worlds compiles, or stands in for something else.
const NOT_THE_PROTOCOL: [&str; 2] = ["sync/mod.rs", "sync/arc_swap.rs"];

/// Returns each half that an ordering can lose, and what is left of it.
fn weaker(ordering: Ordering) -> &'static [(Ordering, Ordering)] {
    match ordering {
        Acquire => &[(Acquire, Relaxed)],
        Release => &[(Release, Relaxed)],
        AcqRel => &[(Release, Acquire), (Acquire, Release)],
        SeqCst => &[(SeqCst, AcqRel)],
        _ => &[],
    }
}

/// One ordering of one operation, which is one step weaker.
#[derive(Debug)]
pub(crate) struct Mutant {
    /// `Slot::exchange`.
    pub(crate) function: String,
    /// `swap`; `compare_exchange, failing` for the second ordering; `load #2` for the second of its kind in the
    /// function.
    pub(crate) operation: String,
    /// The right one.
    pub(crate) ordering: Ordering,
    /// What it lacks.
    pub(crate) half: Ordering,
    pub(crate) edit: Edit,
}

impl Mutant {
    /// What names it in the table.
    pub(crate) fn name(&self) -> String {
        format!("{} {} {} {:?}", self.edit.file, self.function, self.operation, self.half)
    }
}

/// Every mutant of the library, in the order of its source.
pub(crate) fn mutants(src: &Path) -> Result<Vec<Mutant>> {
    let mut finder = Finder::default();
    for entry in WalkDir::new(src).sort_by_file_name() {
        let entry = entry?;
        finder.file = entry.path().strip_prefix(src)?.to_string_lossy().replace('\\', "/");
        if entry.file_type().is_file() && !NOT_THE_PROTOCOL.contains(&&*finder.file) {
            let text = fs::read_to_string(entry.path())?;
            let tree = syn::parse_file(&text).with_context(|| format!("src/{}", finder.file))?;
            finder.counts.clear();
            finder.visit_file(&tree);
        }
    }
    Ok(finder.found)
}

#[derive(Default)]
struct Finder {
    file: String,
    /// The type or trait that it is in, with `::` behind it.
    of_type: String,
    function: String,
    /// How many of each kind of operation each function of the file has so far.
    counts: BTreeMap<String, usize>,
    found: Vec<Mutant>,
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        if let Type::Path(path) = &*item.self_ty {
            self.of_type =
                path.path.segments.last().map_or(String::new(), |it| format!("{}::", it.ident));
        }
        visit::visit_item_impl(self, item);
        self.of_type.clear();
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.of_type = format!("{}::", item.ident);
        visit::visit_item_trait(self, item);
        self.of_type.clear();
    }

    /// Comes before the body of each function.
    fn visit_signature(&mut self, signature: &'ast Signature) {
        self.function = format!("{}{}", self.of_type, signature.ident);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        for (index, (ordering, place)) in call.args.iter().filter_map(ordering).enumerate() {
            let failing = if index == 0 { "" } else { ", failing" };
            let kind = format!("{}{failing}", call.method);
            let count = self.counts.entry(format!("{} {kind}", self.function)).or_insert(0);
            *count += 1;
            let operation = if *count == 1 { kind } else { format!("{kind} #{count}") };
            self.found.extend(weaker(ordering).iter().map(|&(half, weaker)| {
                let wrong = format!("core::sync::atomic::Ordering::{weaker:?}");
                let edit = Edit { file: self.file.clone(), place: place.clone(), wrong };
                let (function, operation) = (self.function.clone(), operation.clone());
                Mutant { function, operation, ordering, half, edit }
            }));
        }
    }
}

/// The ordering that an argument names, and where.
fn ordering(argument: &Expr) -> Option<(Ordering, Range<usize>)> {
    let Expr::Path(path) = argument else { return None };
    let name = &path.path.segments.last()?.ident;
    let all = [Relaxed, Acquire, Release, AcqRel, SeqCst];
    let ordering = all.into_iter().find(|ordering| name == &format!("{ordering:?}"))?;
    Some((ordering, path.span().byte_range()))
}

/// Each ordering is found in whatever function, the failing one and the second of a kind have names of their own, and a
/// mutant differs from the source in one ordering.
#[test]
fn finds_and_weakens_each_ordering() {
    let text = "
        struct A(AtomicU8);
        impl<T> A<T> {
            fn f(&self) {
                self.0.load(Relaxed);
                if self.0.compare_exchange(1, 2, AcqRel, atomic::Ordering::Acquire).is_ok() {
                    let g = || self.0.load(Acquire);
                }
            }
        }
        fn f(a: &AtomicU8) { let µ = a.swap(1, SeqCst); a.frobnicate(Other); }";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("it.rs");
    fs::write(&path, text).unwrap();
    let mutants = mutants(dir.path()).unwrap();
    let expected = [
        ("A::f compare_exchange Release", "(1, 2, AcqRel,", "(1, 2, _::Acquire,"),
        ("A::f compare_exchange Acquire", "(1, 2, AcqRel,", "(1, 2, _::Release,"),
        ("A::f compare_exchange, failing Acquire", "atomic::Ordering::Acquire", "_::Relaxed"),
        ("A::f load #2 Acquire", "load(Acquire)", "load(_::Relaxed)"),
        ("f swap SeqCst", "swap(1, SeqCst)", "swap(1, _::AcqRel)"),
    ];
    assert_eq!(mutants.len(), expected.len(), "{mutants:?}");
    for (mutant, (name, right, weaker)) in mutants.into_iter().zip(expected) {
        assert_eq!(mutant.name(), format!("it.rs {name}"));
        fs::write(&path, text).unwrap();
        crate::arena::apply(&[mutant.edit], dir.path()).unwrap();
        let weaker = weaker.replace('_', "core::sync::atomic::Ordering");
        assert_eq!(fs::read_to_string(&path).unwrap(), text.replace(right, &weaker));
    }
}
