//! tmp
use std::time::Instant;
fn main() {
    for f in std::env::args().skip(1) {
        let der = std::fs::read(&f).unwrap();
        let keys = [people_rs256::SigningKey::from_pkcs8_der(&der).unwrap(), people_rs256::SigningKey::scalar_from_pkcs8_der(&der).unwrap()];
        for key in &keys {
            let mut best = f64::MAX;
            for _ in 0..5 {
                let t = Instant::now();
                for i in 0..100 { std::hint::black_box(key.sign(&[i], &[7; 32]).unwrap()); }
                best = best.min(t.elapsed().as_secs_f64() * 1e4);
            }
            println!("{f} {} {best:.1} us", key.kernel());
        }
        let t = Instant::now();
        for _ in 0..100 { std::hint::black_box(people_rs256::SigningKey::from_pkcs8_der(&der).unwrap()); }
        println!("import {:.1} us", t.elapsed().as_secs_f64() * 1e4);
    }
}
