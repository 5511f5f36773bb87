//! Making a list of operations that fails as short as it gets.

/// How often a shorter list is tried at most.
const TRIES_MAX: usize = 400;

/// The shortest list that was found by leaving items out, and for which `fails` still holds.
///
/// Leaves out runs of half the list, then of a quarter, and so on down to single items, until no
/// single item can be left out.
pub fn shrink<T: Clone>(list: &[T], mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let (mut list, mut tries) = (list.to_vec(), 0);
    let mut width = list.len().div_ceil(2).max(1);
    loop {
        let (mut start, mut shorter) = (0, false);
        while start < list.len() && tries < TRIES_MAX {
            let end = (start + width).min(list.len());
            let without = [&list[..start], &list[end..]].concat();
            tries += 1;
            if fails(&without) {
                (list, shorter) = (without, true);
            } else {
                start = end;
            }
        }
        if tries >= TRIES_MAX || (width == 1 && !shorter) {
            return list;
        }
        width = width.div_ceil(2).max(1);
    }
}

#[test]
fn a_failing_list_is_reduced_to_what_makes_it_fail() {
    let list: Vec<u32> = (0..25).collect();
    let needs = |wanted: &'static [u32]| move |list: &[u32]| wanted.iter().all(|item| list.contains(item));
    for wanted in [&[7][..], &[0, 24], &[3, 4, 20], &[]] {
        assert_eq!(shrink(&list, needs(wanted)), wanted);
    }
}
