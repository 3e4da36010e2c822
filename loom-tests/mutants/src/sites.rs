//! Finds every ordering of every atomic operation, by the syntax tree.

use anyhow::{Context, Result};
use proc_macro2::LineColumn;
use std::{fmt, fs, path::Path};
use syn::{
    Expr, ExprMethodCall, ImplItemFn, ItemFn, ItemImpl, ItemTrait, TraitItemFn, Type,
    spanned::Spanned,
    visit::{self, Visit},
};
use walkdir::WalkDir;

/// What only one of the two worlds compiles, or stands in for something else.
const NOT_THE_PROTOCOL: [&str; 2] = ["sync.rs", "sync/arc_swap.rs"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ordering {
    Relaxed,
    Acquire,
    Release,
    AcqRel,
    SeqCst,
}

impl Ordering {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "Relaxed" => Self::Relaxed,
            "Acquire" => Self::Acquire,
            "Release" => Self::Release,
            "AcqRel" => Self::AcqRel,
            "SeqCst" => Self::SeqCst,
            _ => return None,
        })
    }

    /// One step weaker, in each direction, with the half that is gone.
    fn weaker(self) -> &'static [(Half, Ordering)] {
        match self {
            Self::Relaxed => &[],
            Self::Acquire => &[(Half::Acquire, Self::Relaxed)],
            Self::Release => &[(Half::Release, Self::Relaxed)],
            Self::AcqRel => &[(Half::Release, Self::Acquire), (Half::Acquire, Self::Release)],
            Self::SeqCst => &[(Half::Total, Self::AcqRel)],
        }
    }
}

/// What a mutant lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Acquire,
    Release,
    /// The total order of sequential consistency.
    Total,
}

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acquire => "Acquire",
            Self::Release => "Release",
            Self::Total => "SeqCst",
        })
    }
}

/// One ordering of one operation.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// Below `src/`.
    pub(crate) file: String,
    /// `Slot::exchange`.
    pub(crate) function: String,
    /// `swap`; `compare_exchange, failing` for the second ordering; `load 2` for the second of its kind
    /// in the function.
    pub(crate) operation: String,
    pub(crate) ordering: Ordering,
    start: LineColumn,
    end: LineColumn,
}

/// A site whose ordering is one step weaker.
#[derive(Debug, Clone)]
pub(crate) struct Mutant {
    pub(crate) site: Site,
    pub(crate) half: Half,
    weaker: Ordering,
}

impl Mutant {
    /// What names it in the table.
    pub(crate) fn name(&self) -> String {
        let Site { file, function, operation, .. } = &self.site;
        format!("{file} {function} {operation} {}", self.half)
    }

    /// Writes it into a copy of `src/`.
    pub(crate) fn apply(&self, src: &Path) -> Result<()> {
        let path = src.join(&self.site.file);
        let text = fs::read_to_string(&path)?;
        let mut lines = text.lines().map(str::to_owned).collect::<Vec<_>>();
        let line = &mut lines[self.site.start.line - 1];
        // Columns count characters.
        let mut chars = line.chars().collect::<Vec<_>>();
        let weaker = format!("core::sync::atomic::Ordering::{:?}", self.weaker);
        chars.splice(self.site.start.column..self.site.end.column, weaker.chars());
        *line = chars.into_iter().collect();
        fs::write(&path, lines.join("\n") + "\n")?;
        Ok(())
    }
}

/// Every mutant of the library, in the order of its source.
pub(crate) fn mutants(src: &Path) -> Result<Vec<Mutant>> {
    let sites = sites(src)?;
    let mutants = sites.into_iter().flat_map(|site| {
        let weaker = site.ordering.weaker().iter();
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
        let mut finder =
            Finder { file, of_type: String::new(), function: String::new(), found: Vec::new() };
        finder.visit_file(&tree);
        all.append(&mut finder.found);
    }
    Ok(all)
}

struct Finder {
    file: String,
    of_type: String,
    function: String,
    found: Vec<Site>,
}

impl Finder {
    fn inside(&mut self, name: &syn::Ident, visit: impl FnOnce(&mut Self)) {
        let function = if self.of_type.is_empty() {
            name.to_string()
        } else {
            format!("{}::{name}", self.of_type)
        };
        let outer = std::mem::replace(&mut self.function, function);
        visit(self);
        self.function = outer;
    }

    fn of_type(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.of_type, name);
        visit(self);
        self.of_type = outer;
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let name = match &*item.self_ty {
            Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        self.of_type(name.unwrap_or_default(), |this| visit::visit_item_impl(this, item));
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.of_type(item.ident.to_string(), |this| visit::visit_item_trait(this, item));
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.inside(&item.sig.ident, |this| visit::visit_item_fn(this, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.inside(&item.sig.ident, |this| visit::visit_impl_item_fn(this, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.inside(&item.sig.ident, |this| visit::visit_trait_item_fn(this, item));
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        let orderings = call.args.iter().filter_map(ordering).collect::<Vec<_>>();
        for (index, (ordering, span)) in orderings.into_iter().enumerate() {
            let method = &call.method;
            let kind = if index == 0 { method.to_string() } else { format!("{method}, failing") };
            let before = self.found.iter().filter(|site| {
                site.function == self.function && site.operation.split(" #").next() == Some(&kind)
            });
            let operation = match before.count() {
                0 => kind,
                before => format!("{kind} #{}", before + 1),
            };
            self.found.push(Site {
                file: self.file.clone(),
                function: self.function.clone(),
                operation,
                ordering,
                start: span.start(),
                end: span.end(),
            });
        }
    }
}

/// The argument, if it names an ordering.
fn ordering(argument: &Expr) -> Option<(Ordering, proc_macro2::Span)> {
    let Expr::Path(path) = argument else { return None };
    let name = &path.path.segments.last()?.ident;
    Some((Ordering::from_name(&name.to_string())?, path.span()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String, Ordering)> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("it.rs"), text).unwrap();
        let sites = sites(dir.path()).unwrap();
        sites.into_iter().map(|site| (site.function, site.operation, site.ordering)).collect()
    }

    /// Each ordering is found, in whatever function, with the failing one told apart, and the second of
    /// a kind, too.
    #[test]
    fn finds_each_ordering() {
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
            fn f(a: &AtomicU8) { a.swap(1, SeqCst); a.frobnicate(Other); }";
        let expected = [
            ("A::f", "load", Ordering::Acquire),
            ("A::f", "compare_exchange", Ordering::AcqRel),
            ("A::f", "compare_exchange, failing", Ordering::Relaxed),
            ("A::f", "load #2", Ordering::Relaxed),
            ("f", "swap", Ordering::SeqCst),
        ];
        let expected = expected
            .map(|(function, operation, ordering)| (function.into(), operation.into(), ordering));
        assert_eq!(found(text), expected);
    }

    /// A mutant differs from the source in that one ordering.
    #[test]
    fn weakens_one_ordering() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("it.rs");
        let text = "fn f(a: &A) {\n    let µ = a.swap(1, AcqRel); a.load(Acquire);\n}\n";
        let mut written = Vec::new();
        fs::write(&path, text).unwrap();
        for mutant in mutants(dir.path()).unwrap() {
            fs::write(&path, text).unwrap();
            mutant.apply(dir.path()).unwrap();
            written.push(fs::read_to_string(&path).unwrap().lines().nth(1).unwrap().to_owned());
        }
        let ordering = "core::sync::atomic::Ordering";
        assert_eq!(
            written,
            [
                format!("    let µ = a.swap(1, {ordering}::Acquire); a.load(Acquire);"),
                format!("    let µ = a.swap(1, {ordering}::Release); a.load(Acquire);"),
                format!("    let µ = a.swap(1, AcqRel); a.load({ordering}::Relaxed);"),
            ]
        );
    }
}
