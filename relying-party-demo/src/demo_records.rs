//! 我的办件 and 我的证照 of the demonstration: made up, but always the same for the same unit.

use crate::fingerprint::fingerprint;
use crate::sessions::Session;

/// What can have been done, and what can have been issued.
struct Catalogue {
    /// Twelve, so that steps of five meet each of them once.
    matters: [&'static str; 12],
    licences: [&'static str; 5],
}

const FOR_UNITS: Catalogue = Catalogue {
    matters: [
        "用人单位参保登记",
        "工伤认定申请",
        "劳动用工备案",
        "职业技能等级认定机构备案",
        "企业年金方案备案",
        "失业保险稳岗返还申领",
        "人力资源服务许可变更",
        "职工退休资格预审",
        "集体合同审查备案",
        "职业技能提升补贴申请",
        "劳动保障书面审查",
        "职工参保信息变更",
    ],
    licences: [
        "社会保险登记证明",
        "人力资源服务许可证",
        "劳务派遣经营许可证",
        "职业技能等级认定机构备案证明",
        "劳动保障守法诚信证明",
    ],
};

const FOR_PERSONS: Catalogue = Catalogue {
    matters: [
        "社会保障卡申领",
        "个人参保信息变更",
        "养老保险关系转移接续",
        "失业登记",
        "职业技能提升补贴申领",
        "就业创业证申领",
        "灵活就业人员参保登记",
        "职称评审申报",
        "个人权益记录打印",
        "工伤待遇申领",
        "专业技术资格证书查询",
        "劳动人事争议调解申请",
    ],
    licences: ["社会保障卡", "就业创业证", "职业技能等级证书", "专业技术资格证书", "个人参保证明"],
};

/// 好差评, from five stars down.
pub const RATINGS: [(u8, &str); 5] =
    [(5, "非常满意"), (4, "满意"), (3, "基本满意"), (2, "不满意"), (1, "非常不满意")];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub number: u32,
    pub matter: &'static str,
    pub date: String,
    /// 好差评, once given.
    pub stars: Option<u8>,
}

impl Case {
    pub fn rating(&self) -> Option<&'static str> {
        let stars = self.stars?;
        RATINGS.iter().find_map(|(value, label)| (*value == stars).then_some(*label))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    pub name: &'static str,
    pub number: String,
    pub date: String,
}

/// Newest first.
pub fn cases(session: &Session) -> Vec<Case> {
    let (mut draw, Catalogue { matters, .. }) = (Draw::new(session.seed()), catalogue(session));
    let count = 7 + draw.below(4);
    let first = draw.below(matters.len() as u64) as usize;
    let mut cases: Vec<_> = (0..count as u32)
        .map(|at| {
            let number = 1001 + at;
            let former = (at % 2 == 1).then(|| 4 + draw.below(2) as u8);
            Case {
                number,
                matter: matters[(first + at as usize * 5) % matters.len()],
                date: draw.date(),
                stars: session.ratings.get(&number).copied().or(former),
            }
        })
        .collect();
    cases.sort_by(|a, b| b.date.cmp(&a.date).then(a.number.cmp(&b.number)));
    cases
}

pub fn licences(session: &Session) -> Vec<Licence> {
    let (mut draw, Catalogue { licences, .. }) = (Draw::new(session.seed()), catalogue(session));
    let first = draw.below(licences.len() as u64) as usize;
    (0..2 + draw.below(2) as usize)
        .map(|at| Licence {
            name: licences[(first + at) % licences.len()],
            number: format!("演示-{:06}", draw.below(1_000_000)),
            date: draw.date(),
        })
        .collect()
}

fn catalogue(session: &Session) -> Catalogue {
    if session.account.unit().is_some() { FOR_UNITS } else { FOR_PERSONS }
}

impl Session {
    /// The unit, whoever acts for it; else the person.
    fn seed(&self) -> &str {
        self.account.unit().and_then(|unit| unit.registration_number.as_deref()).unwrap_or(&self.subject)
    }
}

/// A sequence of numbers that depends on nothing but its seed (SplitMix64).
struct Draw(u64);

impl Draw {
    fn new(seed: &str) -> Self {
        Self(fingerprint(seed.as_bytes()))
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn date(&mut self) -> String {
        format!("2026-{:02}-{:02}", 1 + self.below(10), 1 + self.below(28))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relying_party::RelyingParty;

    fn session(subject: &str) -> Session {
        Session {
            party: RelyingParty::Hall,
            account: Default::default(),
            subject: subject.into(),
            provider_session: None,
            id_token: String::new(),
            tokens: None,
            proof_key: None,
            began: std::time::Instant::now(),
            ratings: Default::default(),
        }
    }

    #[test]
    fn the_same_account_sees_the_same_records() {
        assert_eq!(cases(&session("anna")), cases(&session("anna")));
        assert_ne!(cases(&session("anna")), cases(&session("otto")));
        assert_eq!(licences(&session("anna")), licences(&session("anna")));
    }

    #[test]
    fn a_rating_moves_a_case() {
        let mut session = session("anna");
        let open = cases(&session).into_iter().find(|case| case.stars.is_none()).expect("something to rate");
        session.ratings.insert(open.number, 5);
        let rated =
            cases(&session).into_iter().find(|case| case.number == open.number).expect("the same case");
        assert_eq!(rated.rating(), Some("非常满意"));
    }
}
