//! House rules that neither compiler nor lints hold: who may write to the terminal, who may touch its cells, who may
//! name a colour.

use std::path::{Path, PathBuf};

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// Lines outside tests that hold one of the words, in files that are not allowed to.
fn offenders(words: &[&str], allowed: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50);
    let mut found = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        if allowed.iter().any(|a| name.starts_with(a)) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (n, line) in code.lines().enumerate() {
            if !line.trim_start().starts_with("//") && words.iter().any(|word| line.contains(word)) {
                found.push(format!("{name}:{}: {}", n + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn cells_are_filled_by_the_canvas_alone_behind_its_filter() {
    let words = ["set_symbol", "set_string", "set_char", "set_line", "set_span", "append_symbol", "Paragraph::"];
    assert_eq!(offenders(&words, &["widget/canvas.rs"]), Vec::<String>::new());
}

#[test]
fn only_the_terminals_room_and_the_command_lines_output_write_to_it() {
    let words = [
        "Print(",
        "io::stdout",
        "io::stderr",
        "(stdout()",
        "print!(",
        "println!(",
        "eprint",
        "/dev/tty",
        "execute!(",
        "\\x1b",
    ];
    let allowed = ["term/", "cli/dial.rs", "main.rs", "app/mod.rs", "replay.rs"];
    assert_eq!(offenders(&words, &allowed), Vec::<String>::new());
    // These hand the stream to the terminal's room, and write nothing themselves but the words at the very end.
    assert_eq!(offenders(&["print!(", "println!(", "Print(", "\\x1b"], &["term/"]), Vec::<String>::new());
}

#[test]
fn no_screen_names_a_colour() {
    let words = ["Color::", "Modifier::", "Style::"];
    assert_eq!(offenders(&words, &["theme/", "term/encode.rs", "widget/canvas.rs"]), Vec::<String>::new());
}

#[test]
fn only_the_link_and_the_command_line_know_the_wire() {
    assert_eq!(offenders(&["tarpc", "ConsoleClient"], &["link/", "cli/"]), Vec::<String>::new());
}

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn the_keys_and_tokens_in_the_readme_are_the_programs() {
    let text = readme();
    let keys = rackhand_tui::command::registry::as_text(&rackhand_tui::command::keymap::Keymap::default());
    assert!(text.contains(&format!("```\n{keys}```")), "write this into README.md:\n{keys}");
    let tokens = tokens();
    assert!(text.contains(&format!("```\n{tokens}```")), "write this into README.md:\n{tokens}");
}

/// Tokens by group, a line for each.
fn tokens() -> String {
    let mut out = String::new();
    let mut last = "";
    for token in rackhand_tui::theme::token::Token::ALL {
        let (group, name) = token.name().split_once('.').unwrap();
        if group == last {
            let line = out.rsplit('\n').next().unwrap_or_default().chars().count();
            out.push_str(if line + name.len() > 100 { "\n        " } else { " " });
        } else {
            if !last.is_empty() {
                out.push('\n');
            }
            out.push_str(&format!("{group:<8}"));
            last = group;
        }
        out.push_str(name);
    }
    out.push('\n');
    out
}

#[test]
fn the_configuration_in_the_readme_is_one() {
    let text = readme();
    let toml = text.split("```toml\n").nth(1).and_then(|t| t.split("```").next()).unwrap();
    rackhand_tui::settings::Settings::parse(toml, None).unwrap();
}
