//! Licence expressions of SPDX (ISO/IEC 5962, annex D), as far as packages use them, with `/` as the older form of `OR`.

/// Whether `expression` can be satisfied with licences that `allowed` accepts; an error says why it cannot be read.
///
/// An exception (`WITH`) only adds permission, so that its licence decides; `+` (or later) likewise.
pub fn satisfiable(expression: &str, allowed: impl Fn(&str) -> bool) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut parser = Parser { tokens: spaced.split_whitespace().collect(), next: 0, allowed: &allowed };
    let result = parser.any()?;
    match parser.tokens.get(parser.next) {
        None => Ok(result),
        Some(token) => Err(format!("{expression:?} goes on with {token:?} where it should end")),
    }
}

struct Parser<'a, F> {
    tokens: Vec<&'a str>,
    next: usize,
    allowed: &'a F,
}

impl<F: Fn(&str) -> bool> Parser<'_, F> {
    fn take(&mut self, token: &str) -> bool {
        let found = self.tokens.get(self.next).is_some_and(|next| next.eq_ignore_ascii_case(token));
        self.next += usize::from(found);
        found
    }

    fn word(&mut self) -> Result<String, String> {
        let token = *self.tokens.get(self.next).ok_or("the expression ends where a licence should follow")?;
        if ["AND", "OR", "WITH", "(", ")"].iter().any(|word| token.eq_ignore_ascii_case(word)) {
            return Err(format!("{token:?} stands where a licence should"));
        }
        self.next += 1;
        Ok(token.to_owned())
    }

    /// Terms joined by `OR`. Both sides are always read: `|` does not stop at the first that is true.
    fn any(&mut self) -> Result<bool, String> {
        let mut result = self.all()?;
        while self.take("OR") {
            result |= self.all()?;
        }
        Ok(result)
    }

    /// Terms joined by `AND`, which binds closer.
    fn all(&mut self) -> Result<bool, String> {
        let mut result = self.one()?;
        while self.take("AND") {
            result &= self.one()?;
        }
        Ok(result)
    }

    fn one(&mut self) -> Result<bool, String> {
        if self.take("(") {
            let result = self.any()?;
            return if self.take(")") { Ok(result) } else { Err("a parenthesis is not closed".to_owned()) };
        }
        let licence = self.word()?;
        if self.take("WITH") {
            self.word()?;
        }
        Ok((self.allowed)(licence.trim_end_matches('+')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expect: Option<bool>) {
        let result = satisfiable(expression, |licence| ["A", "B-1.0"].contains(&licence));
        assert_eq!(result.as_ref().ok().copied(), expect, "{expression:?}: {result:?}");
    }

    #[test]
    fn expressions_are_read_as_spdx_defines_them() {
        check("A", Some(true));
        check("X", Some(false));
        check("A OR X", Some(true));
        check("X OR A", Some(true));
        check("X/A", Some(true));
        check("A AND X", Some(false));
        check("A AND B-1.0", Some(true));
        // AND binds closer: X AND (A or nothing) or A.
        check("X AND X OR A", Some(true));
        check("A OR X AND X", Some(true));
        check("(A OR X) AND X", Some(false));
        check("(X OR (A AND B-1.0))", Some(true));
        check("A WITH LLVM-exception", Some(true));
        check("X WITH LLVM-exception OR B-1.0+", Some(true));
        check("A or X", Some(true));
        check("a", Some(false));
    }

    #[test]
    fn what_is_no_expression_is_an_error() {
        for broken in ["", "A OR", "OR A", "(A", "A)", "A B-1.0", "A WITH", "()", "A AND OR A", "SEE LICENSE IN file"] {
            check(broken, None);
        }
    }
}
