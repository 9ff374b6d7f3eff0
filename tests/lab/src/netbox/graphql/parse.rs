//! The query language: one anonymous query of fields with arguments, selections and inline fragments.

use serde_json::{Map, Number, Value};

/// A field, or `... on Type`.
pub(super) struct Selection {
    pub name: String,
    pub arguments: Vec<(String, Value)>,
    pub inner: Vec<Self>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(i64),
    Spread,
    Mark(char),
}

/// Reads a document; the fields of its query.
pub(super) fn parse(text: &str) -> Result<Vec<Selection>, String> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0 };
    if reader.next_is(&Token::Word("query".to_owned())) {
        // A name may follow.
        if let Some(Token::Word(_)) = reader.peek() {
            reader.at += 1;
        }
    }
    let fields = reader.selections(0)?;
    if reader.peek().is_some() { Err("Syntax Error: Unexpected end.".to_owned()) } else { Ok(fields) }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            _ if c.is_whitespace() || c == ',' => {}
            '{' | '}' | '(' | ')' | '[' | ']' | ':' => out.push(Token::Mark(c)),
            '.' if chars.next() == Some('.') && chars.next() == Some('.') => out.push(Token::Spread),
            '"' => {
                let mut raw = String::from('"');
                let mut escaped = false;
                for c in chars.by_ref() {
                    raw.push(c);
                    match c {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        '"' => break,
                        _ => {}
                    }
                }
                let text = serde_json::from_str(&raw).map_err(|e| format!("Syntax Error: {e}"))?;
                out.push(Token::Text(text));
            }
            _ if c.is_ascii_alphabetic() || c == '_' => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                out.push(Token::Word(word));
            }
            _ if c.is_ascii_digit() || c == '-' => {
                let mut digits = String::from(c);
                while let Some(c) = chars.next_if(char::is_ascii_digit) {
                    digits.push(c);
                }
                out.push(Token::Number(digits.parse().map_err(|_| "Syntax Error: Invalid number.".to_owned())?));
            }
            other => return Err(format!("Syntax Error: Unexpected character: {other:?}.")),
        }
    }
    Ok(out)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, String> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned().ok_or_else(|| "Syntax Error: Unexpected <EOF>.".to_owned())
    }

    fn next_is(&mut self, token: &Token) -> bool {
        let is = self.peek() == Some(token);
        self.at += usize::from(is);
        is
    }

    fn word(&mut self) -> Result<String, String> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            other => Err(format!("Syntax Error: Expected Name, found {other:?}.")),
        }
    }

    fn selections(&mut self, depth: usize) -> Result<Vec<Selection>, String> {
        if depth > 12 {
            return Err("Query is too deep.".to_owned());
        }
        if !self.next_is(&Token::Mark('{')) {
            return Err("Syntax Error: Expected '{'.".to_owned());
        }
        let mut out = Vec::new();
        while !self.next_is(&Token::Mark('}')) {
            if self.next_is(&Token::Spread) {
                if self.word()? != "on" {
                    return Err("Syntax Error: Expected 'on'.".to_owned());
                }
                let name = format!("... on {}", self.word()?);
                out.push(Selection { name, arguments: Vec::new(), inner: self.selections(depth + 1)? });
                continue;
            }
            let name = self.word()?;
            let mut arguments = Vec::new();
            if self.next_is(&Token::Mark('(')) {
                while !self.next_is(&Token::Mark(')')) {
                    arguments.push(self.pair()?);
                }
            }
            let open = self.peek() == Some(&Token::Mark('{'));
            let inner = if open { self.selections(depth + 1)? } else { Vec::new() };
            out.push(Selection { name, arguments, inner });
        }
        Ok(out)
    }

    fn pair(&mut self) -> Result<(String, Value), String> {
        let name = self.word()?;
        if !self.next_is(&Token::Mark(':')) {
            return Err("Syntax Error: Expected ':'.".to_owned());
        }
        Ok((name, self.value()?))
    }

    fn value(&mut self) -> Result<Value, String> {
        Ok(match self.next()? {
            Token::Text(text) => Value::String(text),
            Token::Number(n) => Value::Number(Number::from(n)),
            Token::Word(word) if word == "true" || word == "false" => Value::Bool(word == "true"),
            Token::Word(word) if word == "null" => Value::Null,
            Token::Word(word) => Value::String(word),
            Token::Mark('[') => {
                let mut items = Vec::new();
                while !self.next_is(&Token::Mark(']')) {
                    items.push(self.value()?);
                }
                Value::Array(items)
            }
            Token::Mark('{') => {
                let mut map = Map::new();
                while !self.next_is(&Token::Mark('}')) {
                    let (key, value) = self.pair()?;
                    map.insert(key, value);
                }
                Value::Object(map)
            }
            other => return Err(format!("Syntax Error: Unexpected {other:?}.")),
        })
    }
}
