//! The kinds of unit that may hold an account: 法人类型.

/// What a unit is in law. The credit code suggests one (see
/// [`CreditCode::default_entity_type`](super::credit_code::CreditCode::default_entity_type));
/// whoever registers may choose another where the code cannot tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntityType {
    /// 企业法人: a company, or another enterprise that is a legal person.
    Enterprise,
    /// 机关法人: an organ of the state.
    GovernmentAgency,
    /// 事业单位法人: a school, a hospital, an institute.
    PublicInstitution,
    /// 社会组织法人: an association, a foundation, a social service body.
    SocialOrganization,
    /// 非法人企业: a branch, a partnership, a sole proprietorship.
    UnincorporatedEnterprise,
    /// 个体工商户: a person who trades under a registered name.
    IndividualBusiness,
    /// 农民专业合作社: a farmers' cooperative, a special legal person.
    FarmersCooperative,
    /// 农村集体经济组织: a rural collective, a special legal person.
    RuralCollective,
    /// 其他组织: law firms, trade unions, religious bodies, residents' committees and others.
    Other,
}

impl EntityType {
    /// Every type, in the order in which the pages offer them.
    pub const ALL: [EntityType; 9] = [
        EntityType::Enterprise,
        EntityType::GovernmentAgency,
        EntityType::PublicInstitution,
        EntityType::SocialOrganization,
        EntityType::UnincorporatedEnterprise,
        EntityType::IndividualBusiness,
        EntityType::FarmersCooperative,
        EntityType::RuralCollective,
        EntityType::Other,
    ];

    /// The key in forms and in the store. It never changes.
    pub fn code(self) -> &'static str {
        match self {
            EntityType::Enterprise => "enterprise",
            EntityType::GovernmentAgency => "government_agency",
            EntityType::PublicInstitution => "public_institution",
            EntityType::SocialOrganization => "social_organization",
            EntityType::UnincorporatedEnterprise => "unincorporated_enterprise",
            EntityType::IndividualBusiness => "individual_business",
            EntityType::FarmersCooperative => "farmers_cooperative",
            EntityType::RuralCollective => "rural_collective",
            EntityType::Other => "other_organization",
        }
    }

    /// The type whose [`code`](Self::code) this is.
    pub fn from_code(code: &str) -> Option<EntityType> {
        EntityType::ALL.into_iter().find(|t| t.code() == code)
    }

    /// The government's code for 申请人类型, which portals receive. It knows fewer kinds: a
    /// trader, a cooperative and a rural collective count as 9, other organisations.
    pub fn applicant_code(self) -> &'static str {
        match self {
            EntityType::Enterprise => "2",
            EntityType::PublicInstitution => "3",
            EntityType::SocialOrganization => "4",
            EntityType::UnincorporatedEnterprise => "5",
            EntityType::GovernmentAgency => "6",
            EntityType::IndividualBusiness
            | EntityType::FarmersCooperative
            | EntityType::RuralCollective
            | EntityType::Other => "9",
        }
    }

    /// The type's name on the pages.
    pub fn label(self) -> &'static str {
        match self {
            EntityType::Enterprise => "企业法人",
            EntityType::GovernmentAgency => "机关法人",
            EntityType::PublicInstitution => "事业单位法人",
            EntityType::SocialOrganization => "社会组织法人",
            EntityType::UnincorporatedEnterprise => "非法人企业",
            EntityType::IndividualBusiness => "个体工商户",
            EntityType::FarmersCooperative => "农民专业合作社",
            EntityType::RuralCollective => "农村集体经济组织",
            EntityType::Other => "其他组织",
        }
    }

    /// What the pages call such a unit's name.
    pub fn name_label(self) -> &'static str {
        match self {
            EntityType::Enterprise | EntityType::UnincorporatedEnterprise => "企业名称",
            _ => "单位名称",
        }
    }

    /// What the pages call the person who stands for such a unit.
    pub fn representative_label(self) -> &'static str {
        match self {
            EntityType::Enterprise
            | EntityType::PublicInstitution
            | EntityType::SocialOrganization
            | EntityType::FarmersCooperative
            | EntityType::RuralCollective => "法定代表人",
            EntityType::GovernmentAgency | EntityType::UnincorporatedEnterprise | EntityType::Other => {
                "负责人"
            }
            EntityType::IndividualBusiness => "经营者",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_again_by_its_code() {
        for entity_type in EntityType::ALL {
            assert_eq!(EntityType::from_code(entity_type.code()), Some(entity_type));
        }
        assert_eq!(EntityType::from_code("企业法人"), None);
    }

    #[test]
    fn applicant_codes() {
        let code = EntityType::applicant_code;
        assert_eq!(code(EntityType::Enterprise), "2");
        assert_eq!(code(EntityType::PublicInstitution), "3");
        assert_eq!(code(EntityType::SocialOrganization), "4");
        assert_eq!(code(EntityType::UnincorporatedEnterprise), "5");
        assert_eq!(code(EntityType::GovernmentAgency), "6");
        assert_eq!(code(EntityType::Other), "9");
    }

    #[test]
    fn labels_follow_the_type() {
        let trader = EntityType::IndividualBusiness;
        assert_eq!(trader.representative_label(), "经营者");
        assert_eq!(EntityType::Enterprise.representative_label(), "法定代表人");
        assert_eq!(EntityType::Enterprise.name_label(), "企业名称");
    }
}
