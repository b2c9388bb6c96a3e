use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = read(&text);
    }

    #[test]
    fn no_cut_or_changed_example_panics(cut in 0..EXAMPLE.len(), with in any::<char>()) {
        let mut text = EXAMPLE.to_owned();
        if text.is_char_boundary(cut) {
            text.insert(cut, with);
            let _ = read(&text);
            text.truncate(cut);
            let _ = read(&text);
        }
    }
}
