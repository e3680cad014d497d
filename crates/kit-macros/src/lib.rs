//! The attribute `#[kit::test]`. A macro that is one has to be a crate of its
//! own; use it through `kit`.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// A test of an exercise: `#[test]`, run by `kit::told_by` with the `words.txt`
/// beside its file.
///
/// ```text
/// #[kit::test]
/// fn step_1_sends() {
///     ...
/// }
/// ```
#[proc_macro_attribute]
pub fn test(_: TokenStream, function: TokenStream) -> TokenStream {
    let mut parts: Vec<TokenTree> = function.into_iter().collect();
    let body = parts.pop(); // What stands in braces is the last part.
    let mut runs = rust("fn test()");
    runs.extend(body);
    runs.extend(rust("::kit::told_by(include_str!(\"words.txt\"), test);"));
    let runs = Group::new(Delimiter::Brace, runs);
    let mut whole = rust("#[::core::prelude::v1::test]");
    whole.extend(parts);
    whole.extend([TokenTree::from(runs)]);
    whole
}

/// A piece of source.
fn rust(source: &str) -> TokenStream {
    source.parse().unwrap_or_default()
}
