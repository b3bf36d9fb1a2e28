//! Who is registered. Everything is made up: the credit codes name no region's register, and the
//! order code 000 of the resident ID numbers is given to nobody.

/// 单位, as the 法人库 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    pub credit_code: &'static str,
    pub name: &'static str,
    /// 法定代表人
    pub representative: Resident,
}

/// 个人, as the 人口库 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resident {
    pub name: &'static str,
    /// 居民身份证号码
    pub number: &'static str,
}

/// What registers can be tried with: no account has it yet.
#[derive(Debug, Clone, Copy)]
pub struct Free {
    pub units: &'static [Unit],
    pub persons: &'static [Resident],
}

pub const fn registered_but_free() -> Free {
    Free { units: &FREE_UNITS, persons: &FREE_PERSONS }
}

const fn unit(
    credit_code: &'static str,
    name: &'static str,
    representative: &'static str,
    number: &'static str,
) -> Unit {
    Unit { credit_code, name, representative: resident(representative, number) }
}

const fn resident(name: &'static str, number: &'static str) -> Resident {
    Resident { name, number }
}

/// The units of `idp::demo`, which have accounts.
const TAKEN_UNITS: [Unit; 2] = [
    unit("91220101TEXT00017E", "长春欣悦信息技术有限公司（演示）", "王颖", "220102199912310002"),
    unit("92220102TEXT00033F", "长春市南关区颖记百货店（演示）", "赵敏", "220103190002280006"),
];

/// The persons of `idp::demo`.
const TAKEN_PERSONS: [Resident; 3] = [
    resident("张伟", "220302200002290002"),
    resident("刘洋", "222401199912310004"),
    resident("李颖", "220102199001010009"),
];

const FREE_UNITS: [Unit; 5] = [
    unit("91220000XXXX00027L", "吉林示例实业有限公司（演示）", "周婷", "22010219700101000X"),
    unit("91220101TEXT001640", "长春样例科技有限公司（演示）", "林晓雨", "220102200501010000"),
    unit("93222401TEXT000411", "延吉市示例种植农民专业合作社（演示）", "崔英子", "22010219030101000X"),
    unit("12220000XXXX00051A", "吉林省示例技能鉴定中心（演示）", "田芳", "22020219040229000X"),
    unit("51220000XXXX000781", "吉林省示例职业培训协会（演示）", "宋雅琴", "220102190001010008"),
];

const FREE_PERSONS: [Resident; 6] = [
    resident("陈静", "220102198506150002"),
    resident("孙悦", "220102199203080005"),
    resident("郭红", "220102197811200008"),
    resident("许诺", "220102200107010002"),
    resident("何秀兰", "220102196802140002"),
    resident("马思佳", "220102199504170004"),
];

pub fn units() -> impl Iterator<Item = &'static Unit> {
    TAKEN_UNITS.iter().chain(&FREE_UNITS)
}

/// Whoever represents a unit is a resident, too.
pub fn residents() -> impl Iterator<Item = &'static Resident> {
    TAKEN_PERSONS.iter().chain(&FREE_PERSONS).chain(units().map(|unit| &unit.representative))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use idp::domain::credit_code::CreditCode;
    use idp::domain::person_name::PersonName;
    use idp::domain::resident_id::ResidentId;
    use idp::domain::unit_name::UnitName;
    use idp::platform::clock::Clock;

    use super::*;

    #[test]
    fn the_provider_takes_every_unit_as_it_is() {
        let codes: BTreeSet<_> = units().map(|unit| unit.credit_code).collect();
        assert_eq!(codes.len(), units().count());
        for unit in units() {
            let code = CreditCode::parse(unit.credit_code).expect(unit.credit_code);
            assert!(code.inner_check_holds() && code.as_str() == unit.credit_code);
            assert_eq!(UnitName::parse(unit.name).expect(unit.name).as_str(), unit.name);
        }
    }

    #[test]
    fn every_resident_has_a_valid_number_alone() {
        let today = Clock::default().now().china_date();
        let numbers: BTreeSet<_> = residents().map(|person| person.number).collect();
        assert_eq!(numbers.len(), residents().count());
        for person in residents() {
            let id = ResidentId::parse(person.number, today).expect(person.number);
            assert!(id.county_is_known() && id.as_str() == person.number);
            assert_eq!(&person.number[14..17], "000", "a number that nobody has");
            assert!(id.age_on(today) >= 18);
            assert_eq!(PersonName::parse(person.name).expect(person.name).as_str(), person.name);
        }
    }

    /// Only the demo's source says whom it seeds.
    #[test]
    fn the_demo_s_accounts_are_taken_and_no_others() {
        let seeded = include_str!("../../../idp/src/demo.rs");
        for taken in &TAKEN_UNITS {
            let texts =
                [taken.credit_code, taken.name, taken.representative.name, taken.representative.number];
            assert!(texts.iter().all(|text| seeded.contains(text)), "{taken:?}");
        }
        for taken in &TAKEN_PERSONS {
            assert!(seeded.contains(taken.name) && seeded.contains(taken.number), "{taken:?}");
        }
        let free = registered_but_free();
        for free in free.units {
            assert!(!seeded.contains(free.credit_code) && !seeded.contains(free.representative.number));
        }
        assert!(free.persons.iter().all(|person| !seeded.contains(person.number)));
    }
}
