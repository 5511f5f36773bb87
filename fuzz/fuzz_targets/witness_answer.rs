#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| konbit_fuzz::targets::witness_answer(data));
