//! 法人库 and 人口库: what the state has on record, asked over HTTP, with a time limit and a breaker.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::outbound;
use crate::config::{BreakerConfig, EntityRegisterConfig, RegistersConfig, ResidentRegisterConfig};
use crate::domain::normalize::normalize_code;
use crate::domain::person_name::PersonName;
use crate::domain::timestamp::{Span, Timestamp};
use crate::domain::unit_name::UnitName;

pub struct Registers {
    legal_entities: Option<(EntityRegisterConfig, Breaker)>,
    residents: Option<(ResidentRegisterConfig, Breaker)>,
}

/// What is to be compared with the register of units.
#[derive(Debug, Clone, Copy)]
pub struct EntityQuery<'a> {
    pub credit_code: &'a str,
    pub name: &'a str,
    pub representative_name: &'a str,
    /// GA/T 517
    pub representative_document_type: &'a str,
    pub representative_document_number: &'a str,
}

/// What is to be compared with the register of persons.
#[derive(Debug, Clone, Copy)]
pub struct ResidentQuery<'a> {
    pub name: &'a str,
    /// GA/T 517
    pub document_type: &'a str,
    pub document_number: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityAnswer {
    Confirmed,
    /// No such unit, or under another name.
    UnitDiffers,
    RepresentativeDiffers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResidentAnswer {
    Confirmed,
    Differs,
}

/// A register's word, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<T> {
    Answered(T),
    /// It is away: ask again later.
    Away,
    /// There is no register for this.
    NoRegister,
}

impl Registers {
    pub fn new(config: &RegistersConfig) -> Self {
        Self {
            legal_entities: config
                .legal_entities
                .clone()
                .map(|config| (config.clone(), Breaker::new(config.breaker))),
            residents: config.residents.clone().map(|config| (config.clone(), Breaker::new(config.breaker))),
        }
    }

    pub async fn legal_entity(
        &self,
        http: &reqwest::Client,
        now: Timestamp,
        query: EntityQuery<'_>,
    ) -> Asked<EntityAnswer> {
        let Some((config, breaker)) = &self.legal_entities else { return Asked::NoRegister };
        let values = [
            ("credit_code", query.credit_code),
            ("name", query.name),
            ("representative_name", query.representative_name),
            ("representative_document_type", query.representative_document_type),
            ("representative_document_number", query.representative_document_number),
        ];
        let asked = breaker.guard(now, outbound::ask(http, &config.request, &values)).await;
        let Some(answer) = asked else { return Asked::Away };
        Asked::Answered(compare(config, &answer, query))
    }

    pub async fn resident(
        &self,
        http: &reqwest::Client,
        now: Timestamp,
        query: ResidentQuery<'_>,
    ) -> Asked<ResidentAnswer> {
        let Some((config, breaker)) = &self.residents else { return Asked::NoRegister };
        if !config.document_types.iter().any(|known| known == query.document_type) {
            return Asked::NoRegister;
        }
        let values = [
            ("name", query.name),
            ("document_type", query.document_type),
            ("document_number", query.document_number),
        ];
        let asked = breaker.guard(now, outbound::ask(http, &config.request, &values)).await;
        let Some(answer) = asked else { return Asked::Away };
        let matches = outbound::meets(&answer, &config.matches);
        Asked::Answered(if matches { ResidentAnswer::Confirmed } else { ResidentAnswer::Differs })
    }
}

fn compare(config: &EntityRegisterConfig, answer: &Value, query: EntityQuery<'_>) -> EntityAnswer {
    let same = |pointer: &str, typed: &str, key: fn(&str) -> String| match answer.pointer(pointer) {
        Some(Value::Bool(same)) => *same,
        Some(Value::String(registered)) => key(registered) == key(typed),
        _ => false,
    };
    if !outbound::meets(answer, &config.found) || !same(&config.name, query.name, unit_key) {
        return EntityAnswer::UnitDiffers;
    }
    let same_if_given =
        |pointer: Option<&String>, typed: &str, key| pointer.is_none_or(|pointer| same(pointer, typed, key));
    let name = same_if_given(config.representative_name.as_ref(), query.representative_name, person_key);
    let number = same_if_given(
        config.representative_document_number.as_ref(),
        query.representative_document_number,
        normalize_code,
    );
    if name && number { EntityAnswer::Confirmed } else { EntityAnswer::RepresentativeDiffers }
}

fn unit_key(name: &str) -> String {
    UnitName::parse(name).map_or_else(|_| name.to_owned(), |name| name.key())
}

fn person_key(name: &str) -> String {
    PersonName::parse(name).map_or_else(|_| name.to_owned(), |name| name.key())
}

/// Leaves a register alone that keeps failing, so that visitors do not wait for it one after the other.
struct Breaker {
    config: BreakerConfig,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    failures: u32,
    closed_until: Timestamp,
}

impl Breaker {
    fn new(config: BreakerConfig) -> Self {
        let state = State { failures: 0, closed_until: Timestamp::from_millis(i64::MIN) };
        Self { config, state: Mutex::new(state) }
    }

    async fn guard<T>(&self, now: Timestamp, call: impl Future<Output = anyhow::Result<T>>) -> Option<T> {
        if now < self.lock().closed_until {
            return None;
        }
        match call.await {
            Ok(answer) => {
                self.lock().failures = 0;
                Some(answer)
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "a register is away");
                let mut state = self.lock();
                state.failures += 1;
                if state.failures >= self.config.failures {
                    *state =
                        State { failures: 0, closed_until: now + Span::seconds(self.config.pause_seconds) };
                }
                None
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;
    use serde_json::json;

    use super::*;

    fn config() -> EntityRegisterConfig {
        serde_json::from_value(json!({
            "request": { "url": "http://localhost/" },
            "found": { "pointer": "/code", "value": "0" },
            "name": "/data/name",
            "representative_name": "/data/legal",
            "representative_document_number": "/data/same_number",
        }))
        .unwrap()
    }

    #[test]
    fn texts_are_compared_as_people_write_them_and_truths_are_believed() {
        let query = EntityQuery {
            credit_code: "91220101TEXT00017E",
            name: "测试（长春）有限公司",
            representative_name: "王颖",
            representative_document_type: "111",
            representative_document_number: "220102199912310003",
        };
        let answer = |name: &str, legal: &str, same: bool| json!({ "code": 0, "data": { "name": name, "legal": legal, "same_number": same } });
        for (answer, expected) in [
            (answer("测试(长春)有限公司", "王 颖", true), EntityAnswer::Confirmed),
            (answer("测试(吉林)有限公司", "王颖", true), EntityAnswer::UnitDiffers),
            (answer("测试(长春)有限公司", "王影", true), EntityAnswer::RepresentativeDiffers),
            (answer("测试(长春)有限公司", "王颖", false), EntityAnswer::RepresentativeDiffers),
            (json!({ "code": 1, "data": null }), EntityAnswer::UnitDiffers),
            (json!({ "code": 0 }), EntityAnswer::UnitDiffers),
            (Value::Null, EntityAnswer::UnitDiffers),
        ] {
            assert_eq!(compare(&config(), &answer, query), expected, "{answer}");
        }
    }

    #[tokio::test]
    async fn the_breaker_opens_after_failures_and_closes_again() {
        let breaker = Breaker::new(BreakerConfig { failures: 2, pause_seconds: 30 });
        let at = |seconds: u32| Timestamp::from_millis(0) + Span::seconds(seconds);
        let fail = || async { bail!("away") as anyhow::Result<()> };
        let work = || async { Ok(()) };
        assert_eq!(breaker.guard(at(0), fail()).await, None);
        assert_eq!(breaker.guard(at(1), work()).await, Some(()), "one failure is not enough");
        assert_eq!(breaker.guard(at(2), fail()).await, None);
        assert_eq!(breaker.guard(at(3), fail()).await, None);
        assert_eq!(breaker.guard(at(32), work()).await, None, "left alone");
        assert_eq!(breaker.guard(at(33), work()).await, Some(()));
    }
}
