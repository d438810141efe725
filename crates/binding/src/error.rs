//! Errors with a code of `ts/errors.ts` on `error.code`.

use napi::bindgen_prelude::Error;

/// An error whose code JavaScript can test.
pub(crate) fn coded(code: &str, message: impl Into<String>) -> Error<String> {
    Error::new(code.to_owned(), message.into())
}
