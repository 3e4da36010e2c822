//! Finds every ordering of every atomic operation, by the syntax tree.

use anyhow::{Context, Result};
use std::{
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

/// One ordering of one operation.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// Below `src/`.
    pub(crate) file: String,
    /// `Slot::exchange`.
    pub(crate) function: String,
    /// `swap`; `compare_exchange, failing` for the second ordering; `load #2` for the second of its kind in the
    /// function.
    pub(crate) operation: String,
    pub(crate) ordering: Ordering,
    /// The bytes that name the ordering.
    place: Range<usize>,
}

/// A site whose ordering is one step weaker.
#[derive(Debug, Clone)]
pub(crate) struct Mutant {
    pub(crate) site: Site,
    /// What it lacks.
    pub(crate) half: Ordering,
    weaker: Ordering,
}

impl Mutant {
    /// What names it in the table.
    pub(crate) fn name(&self) -> String {
        let Site { file, function, operation, .. } = &self.site;
        format!("{file} {function} {operation} {:?}", self.half)
    }

    /// Writes it into a copy of `src/`.
    pub(crate) fn apply(&self, src: &Path) -> Result<()> {
        let path = src.join(&self.site.file);
        let mut text = fs::read_to_string(&path)?;
        let weaker = format!("core::sync::atomic::Ordering::{:?}", self.weaker);
        text.replace_range(self.site.place.clone(), &weaker);
        Ok(fs::write(&path, text)?)
    }
}

/// Every mutant of the library, in the order of its source.
pub(crate) fn mutants(src: &Path) -> Result<Vec<Mutant>> {
    let sites = sites(src)?;
    let mutants = sites.into_iter().flat_map(|site| {
        let weaker = weaker(site.ordering).iter();
        weaker.map(move |&(half, weaker)| Mutant { site: site.clone(), half, weaker })
    });
    Ok(mutants.collect())
}

fn sites(src: &Path) -> Result<Vec<Site>> {
    let mut all = Vec::new();
    for entry in WalkDir::new(src).sort_by_file_name() {
        let entry = entry?;
        let file = entry.path().strip_prefix(src)?.to_string_lossy().replace('\\', "/");
        if entry.path().extension().is_none_or(|extension| extension != "rs")
            || NOT_THE_PROTOCOL.contains(&file.as_str())
        {
            continue;
        }
        let text = fs::read_to_string(entry.path())?;
        let tree = syn::parse_file(&text).with_context(|| format!("src/{file}"))?;
        let mut finder = Finder { file, ..Finder::default() };
        finder.visit_file(&tree);
        all.append(&mut finder.found);
    }
    Ok(all)
}

#[derive(Default)]
struct Finder {
    file: String,
    /// The type or trait that it is in, with `::` behind it.
    of_type: String,
    function: String,
    found: Vec<Site>,
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
        let orderings = call.args.iter().filter_map(ordering).collect::<Vec<_>>();
        for (index, (ordering, place)) in orderings.into_iter().enumerate() {
            let failing = if index == 0 { "" } else { ", failing" };
            let kind = format!("{}{failing}", call.method);
            let before = self.found.iter().filter(|site| {
                site.function == self.function && site.operation.split(" #").next() == Some(&kind)
            });
            let operation = match before.count() {
                0 => kind,
                before => format!("{kind} #{}", before + 1),
            };
            let (file, function) = (self.file.clone(), self.function.clone());
            self.found.push(Site { file, function, operation, ordering, place });
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Each ordering is found in whatever function, the failing one and the second of a kind have names of their own,
    /// and a mutant differs from the source in one ordering.
    #[test]
    fn finds_and_weakens_each_ordering() {
        let text = "
            struct A(AtomicU8);
            impl<T> A<T> {
                fn f(&self) {
                    self.0.load(Acquire);
                    if self.0.compare_exchange(1, 2, AcqRel, atomic::Ordering::Relaxed).is_ok() {
                        let g = || self.0.load(Relaxed);
                    }
                }
            }
            fn f(a: &AtomicU8) { let µ = a.swap(1, SeqCst); a.frobnicate(Other); }";
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("it.rs");
        fs::write(&path, text).unwrap();

        let sites = sites(dir.path()).unwrap();
        let found = sites.iter().map(|site| (&*site.function, &*site.operation, site.ordering));
        let expected = [
            ("A::f", "load", Acquire),
            ("A::f", "compare_exchange", AcqRel),
            ("A::f", "compare_exchange, failing", Relaxed),
            ("A::f", "load #2", Relaxed),
            ("f", "swap", SeqCst),
        ];
        assert!(found.eq(expected), "{sites:?}");

        let expected = [
            ("load(Acquire)", "load(_::Relaxed)"),
            ("(1, 2, AcqRel,", "(1, 2, _::Acquire,"),
            ("(1, 2, AcqRel,", "(1, 2, _::Release,"),
            ("swap(1, SeqCst)", "swap(1, _::AcqRel)"),
        ];
        let mutants = mutants(dir.path()).unwrap();
        assert_eq!(mutants.len(), expected.len());
        for (mutant, (right, weaker)) in mutants.iter().zip(expected) {
            fs::write(&path, text).unwrap();
            mutant.apply(dir.path()).unwrap();
            let weaker = weaker.replace('_', "core::sync::atomic::Ordering");
            assert_eq!(fs::read_to_string(&path).unwrap(), text.replace(right, &weaker));
        }
    }
}
