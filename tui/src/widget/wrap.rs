//! Breaks text into lines by words.

use super::canvas::width;

/// The lines of `text`, none wider than `room` columns. A longer word is broken.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let lead = text.chars().take_while(|c| *c == ' ').count().min(room - 1);
    let mut lines = Vec::new();
    let mut line = " ".repeat(lead);
    for word in text.trim_start_matches(' ').split(' ') {
        let gap = usize::from(!line.trim().is_empty());
        if usize::from(width(&line)) + gap + usize::from(width(word)) <= room {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if gap == 1 {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            if usize::from(width(&line)) + usize::from(width(c.encode_utf8(&mut [0; 4]))) > room && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.trim().is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// The same, with later lines set in by `indent` columns.
pub fn hang(text: &str, room: usize, indent: usize) -> Vec<String> {
    let mut lines = wrap(text, room);
    if lines.len() < 2 || room < indent + 8 {
        return lines;
    }
    let rest = text.strip_prefix(lines[0].as_str()).unwrap_or_default().trim_start();
    lines.truncate(1);
    lines.extend(wrap(rest, room - indent).into_iter().map(|l| format!("{}{l}", " ".repeat(indent))));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(wrap("power cycle: no answer", 12), ["power cycle:", "no answer"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(hang("  one two three four", 12, 4), ["  one two", "    three", "    four"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_word_is_lost(text in "[a-zA-Z ä服]{0,80}", room in 2_usize..40) {
            let lines = wrap(&text, room);
            prop_assert!(lines.iter().all(|l| usize::from(width(l)) <= room), "{lines:?}");
            let squeeze = |t: &str| t.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
