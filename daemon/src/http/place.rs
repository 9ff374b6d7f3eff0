//! Where in a JSON document an error is, as a path: `nics[1].mac`. serde tells line and column; the path is what was
//! open there.

/// What is open around a place.
enum Open {
    /// An object, and the key whose value is being read.
    Object(Option<String>),
    /// An array, and which element is being read.
    Array(usize),
}

/// The path of `error` in `body` with a colon after it; empty at the top.
pub(super) fn place(body: &[u8], error: &serde_json::Error) -> String {
    let lines = body.split_inclusive(|b| *b == b'\n').take(error.line().saturating_sub(1));
    let read = lines.map(<[u8]>::len).sum::<usize>() + error.column();
    let path = path(body.get(..read).unwrap_or(body));
    if path.is_empty() { path } else { format!("{path}: ") }
}

/// The path of the value that the last octets belong to.
fn path(read: &[u8]) -> String {
    let mut open: Vec<Open> = Vec::new();
    let mut bytes = read.iter().enumerate();
    let mut string: Option<(usize, usize)> = None;
    while let Some((n, byte)) = bytes.next() {
        match byte {
            b'"' => {
                let mut end = read.len();
                while let Some((m, inner)) = bytes.next() {
                    match inner {
                        b'\\' => drop(bytes.next()),
                        b'"' => {
                            end = m;
                            break;
                        }
                        _ => {}
                    }
                }
                string = Some((n + 1, end));
            }
            b':' => {
                if let (Some(Open::Object(key)), Some((from, to))) = (open.last_mut(), string.take()) {
                    *key = Some(String::from_utf8_lossy(&read[from..to]).into_owned());
                }
            }
            b'{' => open.push(Open::Object(None)),
            b'[' => open.push(Open::Array(0)),
            b'}' | b']' => drop(open.pop()),
            b',' => match open.last_mut() {
                Some(Open::Object(key)) => *key = None,
                Some(Open::Array(at)) => *at += 1,
                None => {}
            },
            _ => {}
        }
    }
    let mut path = String::new();
    for level in open {
        match level {
            Open::Object(Some(key)) if path.is_empty() => path = key,
            Open::Object(Some(key)) => path += &format!(".{key}"),
            Open::Object(None) => {}
            Open::Array(at) => path += &format!("[{at}]"),
        }
    }
    path
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use rackhand_core::boot::report::ValidationReport;
    use serde_json::{Value, json};

    use super::*;

    fn report() -> Value {
        let nic =
            |n: u8| json!({"name": "eno1", "link": true, "neighbour": null, "mac": format!("94:40:C9:00:00:0{n}")});
        let step = json!({"step": "01-init", "verdict": "passed", "took_ms": 1, "measurements": [{"name": "a", "value": "b"}]});
        json!({
            "serial": "S, \"1\": {[", "model": "M", "memory_bytes": 1, "processors": [], "nics": [nic(1), nic(2)],
            "drives": [{"serial": "D", "model": "M", "bytes": 1, "holds_data": false}], "steps": [step],
        })
    }

    /// What is said of a report whose value at this JSON pointer is another one.
    fn said(at: &str, value: Value) -> String {
        let mut report = report();
        *report.pointer_mut(at).unwrap() = value;
        let both = [serde_json::to_vec(&report).unwrap(), serde_json::to_vec_pretty(&report).unwrap()];
        let [one, other] = both.map(|body| {
            let error = serde_json::from_slice::<ValidationReport>(&body).unwrap_err();
            place(&body, &error)
        });
        assert_eq!(one, other, "spaces make no difference");
        one
    }

    #[test]
    fn the_field_that_is_wrong_is_named_by_its_path() {
        for (at, value, path) in [
            ("/memory_bytes", json!("lots"), "memory_bytes: "),
            ("/nics/1/mac", json!("94:40"), "nics[1].mac: "),
            ("/nics/0/link", json!("yes"), "nics[0].link: "),
            ("/drives/0/serial", json!(7), "drives[0].serial: "),
            ("/drives/0/bytes", json!(-1), "drives[0].bytes: "),
            ("/steps/0/step", json!("06-lunch"), "steps[0].step: "),
            ("/steps/0/measurements/0/value", json!(null), "steps[0].measurements[0].value: "),
            ("/nics/1", json!({"name": "eno2"}), "nics[1]: "),
            ("/nics/1", json!([]), "nics[1]: "),
            ("/nics", json!({}), "nics: "),
        ] {
            assert_eq!(said(at, value.clone()), path, "{at} {value}");
        }
        let top = serde_json::from_str::<ValidationReport>("{\"serial\":\"x\"}").unwrap_err();
        assert_eq!(place(b"{\"serial\":\"x\"}", &top), "");
    }

    proptest! {
        #[test]
        fn any_octets_have_a_place_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Err(error) = serde_json::from_slice::<ValidationReport>(&body) {
                place(&body, &error);
            }
        }
    }
}
