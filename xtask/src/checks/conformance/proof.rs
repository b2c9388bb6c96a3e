//! What stands in the last cell of a row.

use super::proofs::Proofs;

/// Beginnings of a cell that says why nothing of ours proves the rule.
const REASONS: [&str; 3] = [
    "Not built: ",
    "Left to the kernel: ",
    "Left to the operator: ",
];

/// What is wrong with a cell: it names proofs that do not exist, or none and no reason.
pub fn faults(cell: &str, proofs: &Proofs) -> Vec<String> {
    let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    let has_reason = REASONS
        .iter()
        .any(|reason| cell.strip_prefix(reason).is_some_and(|why| !why.is_empty()));
    if named.is_empty() && !has_reason {
        return vec!["neither a proof nor a reason".to_owned()];
    }
    // Behind a reason, names in backquotes are keys and files.
    let unknown = named
        .into_iter()
        .filter(|name| !has_reason && !proofs.contains(name));
    unknown
        .map(|name| format!("there is no proof `{name}`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_names_proofs_that_exist_or_a_reason() {
        let proofs = Proofs::of(["crate module::test"]);
        assert!(faults("`crate module::test`", &proofs).is_empty());
        assert!(faults("Not built: nobody has `such` a thing.", &proofs).is_empty());
        assert_eq!(
            faults("`crate module::test`, `crate gone`", &proofs).len(),
            1
        );
        assert_eq!(faults("Surely.", &proofs).len(), 1);
        assert_eq!(faults("Not built: ", &proofs).len(), 1);
    }
}
