//! The fourteen portals and the app, and how each of them is registered at the provider.

use serde::{Deserialize, Serialize};

/// One portal: to the provider, one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelyingParty {
    /// 吉林智慧人社网上办事大厅
    Hall,
    /// One of the hall's 应用入口.
    Application(&'static Application),
    /// 吉事办
    Jishiban,
    /// 办事通, which stands in for the native app that scans codes: a public client.
    MobileApp,
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Application {
    pub slug: &'static str,
    pub name: &'static str,
    /// What the application is for, in one line.
    pub purpose: &'static str,
}

const fn application(slug: &'static str, name: &'static str, purpose: &'static str) -> Application {
    Application { slug, name, purpose }
}

/// 应用入口, in the manual's order.
pub static APPLICATIONS: [Application; 12] = [
    application("skill-level-recognition", "技能等级认定", "职业技能等级认定机构备案与评价结果管理"),
    application("employment-monitoring", "企业用工监测", "企业用工人数、岗位变化与缺工情况填报"),
    application("labour-inspection", "劳动监察", "劳动保障监察年度书面审查与材料报送"),
    application("talent-development", "人才开发", "人才引进、职称评审与专家服务"),
    application("human-resources-services", "人力资源服务", "人力资源服务许可、备案与年度报告"),
    application("work-injury-insurance", "工伤保险", "工伤认定申请、劳动能力鉴定与待遇申领"),
    application("vocational-training", "职业技能培训", "培训计划备案、学员管理与补贴申请"),
    application("enterprise-annuity", "企业年金", "企业年金方案备案与变更"),
    application("unemployment-insurance-training", "失业保险培训", "失业保险技能提升与稳岗返还"),
    application("retirement-eligibility", "退休资格认定", "职工退休资格预审与认定申请"),
    application("labour-dispute-arbitration", "劳动争议仲裁调解", "劳动争议调解申请与仲裁案件查询"),
    application("employer-labour-security-centre", "用人单位劳动保障中心", "用人单位劳动保障事项集中办理"),
];

impl RelyingParty {
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Hall, Self::Jishiban, Self::MobileApp]
            .into_iter()
            .chain(APPLICATIONS.iter().map(Self::Application))
    }

    pub fn client_id(self) -> String {
        match self {
            Self::Hall => "hall".into(),
            Self::Application(application) => format!("app-{}", application.slug),
            Self::Jishiban => "jishiban".into(),
            Self::MobileApp => "mobile-app".into(),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Hall => "吉林智慧人社网上办事大厅",
            Self::Application(application) => application.name,
            Self::Jishiban => "吉事办",
            Self::MobileApp => "办事通（演示版）",
        }
    }

    /// The folder under which all of this portal's URLs are.
    pub fn path(self) -> String {
        match self {
            Self::Hall => "/hall".into(),
            Self::Application(application) => format!("/apps/{}", application.slug),
            Self::Jishiban => "/jishiban".into(),
            Self::MobileApp => "/app".into(),
        }
    }

    /// Where a visitor who has signed in arrives.
    pub fn landing(self) -> String {
        match self {
            Self::Jishiban => "/jishiban/centre".into(),
            Self::Hall | Self::Application(_) | Self::MobileApp => self.path(),
        }
    }

    /// Where a visitor who is not signed in belongs.
    pub fn front_door(self) -> &'static str {
        match self {
            Self::Hall | Self::Application(_) => "/",
            Self::Jishiban => "/jishiban",
            Self::MobileApp => "/app",
        }
    }

    /// An application asks for no more than it shows: the unit, and who acts for it.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Hall | Self::Jishiban => &["openid", "profile", "phone", "legal_entity", "operator"],
            Self::Application(_) => &["openid", "legal_entity", "operator"],
            Self::MobileApp => &["openid", "profile", "qr_sign_in", "offline_access"],
        }
    }

    /// What runs on somebody's telephone can keep no secret; everybody else proves who they are with one.
    pub fn is_public(self) -> bool {
        self == Self::MobileApp
    }

    /// Whether it asks the provider in the account's name, also after the sign-in.
    pub fn keeps_tokens(self) -> bool {
        self.scopes().contains(&"offline_access")
    }

    /// Whether its tokens are good only with a key of its own (RFC 9449).
    pub fn binds_tokens(self) -> bool {
        self.is_public()
    }

    pub fn url(self, public_url: &str, page: &str) -> String {
        format!("{}{}/{page}", public_url.trim_end_matches('/'), self.path())
    }
}

/// What the provider must know of a portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    pub client_id: String,
    pub client_name: String,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub backchannel_logout_uri: String,
    pub token_endpoint_auth_method: String,
    pub grant_types: Vec<String>,
    /// Space-separated, as in an authorization request.
    pub scope: String,
    /// RFC 9449
    pub dpop_bound_access_tokens: bool,
}

/// Exactly what the portals use when browsers reach them at `public_url`.
pub fn registrations(public_url: &str) -> Vec<Registration> {
    RelyingParty::all()
        .map(|party| Registration {
            client_id: party.client_id(),
            client_name: party.name().into(),
            redirect_uris: vec![party.url(public_url, "callback")],
            post_logout_redirect_uris: vec![party.url(public_url, "signed-out")],
            backchannel_logout_uri: party.url(public_url, "backchannel-logout"),
            token_endpoint_auth_method: if party.is_public() { "none" } else { "client_secret_basic" }.into(),
            grant_types: grant_types(party).map(Into::into).collect(),
            scope: party.scopes().join(" "),
            dpop_bound_access_tokens: party.binds_tokens(),
        })
        .collect()
}

fn grant_types(party: RelyingParty) -> impl Iterator<Item = &'static str> {
    ["authorization_code"].into_iter().chain(party.keeps_tokens().then_some("refresh_token"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_portal_is_a_client_of_its_own() {
        let all = registrations("http://localhost:9000/");
        assert_eq!(all.len(), 15);
        let ids: HashSet<_> = all.iter().map(|one| &one.client_id).collect();
        let uris: HashSet<_> = all.iter().flat_map(|one| &one.redirect_uris).collect();
        assert_eq!((ids.len(), uris.len()), (15, 15));
        assert_eq!(all[0].redirect_uris, ["http://localhost:9000/hall/callback"]);
        assert!(uris.contains(&"http://localhost:9000/apps/enterprise-annuity/callback".to_owned()));
        for one in &all {
            let is_the_app = one.client_id == "mobile-app";
            assert_eq!(one.token_endpoint_auth_method == "none", is_the_app, "{}", one.client_id);
            assert_eq!(one.grant_types.contains(&"refresh_token".to_owned()), is_the_app);
            assert_eq!(one.scope.contains("qr_sign_in"), is_the_app);
            assert_eq!(one.dpop_bound_access_tokens, is_the_app);
        }
    }
}
