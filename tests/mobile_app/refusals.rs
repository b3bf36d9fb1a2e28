use super::*;

impl Phone {
    fn is_told(&self, heading: &str) {
        assert_eq!(self.page().text_of("h1"), heading, "{}", self.page().text());
    }

    async fn home(&mut self, demo: &Demo) {
        self.0.at = Url::parse(&demo.portal("/app")).unwrap();
        self.0.go("/app").await;
    }
}

on_both_with_portals! {
    async fn a_wrong_number_ends_it(demo: Demo) {
        let mut desk = Desk::open(&demo).await;
        let mut phone = Phone::signed_in(&demo).await;
        let code = desk.code().await;
        phone.scan(&code).await;
        let right = desk.number().await;
        let mut wrong = None;
        for at in 1..=3 {
            let number = phone.page().attribute(&format!(".numbers label:nth-of-type({at}) input"), "value");
            wrong = number.filter(|number| *number != right).or(wrong);
        }
        let identity = phone.identity("个人");
        phone.confirm(&wrong.expect("two of three are wrong"), &identity).await;
        phone.is_told("数字不一致，登录已取消");
        assert_eq!(desk.state().await["state"], "wrong_number");
        phone.upload(&code, ImageFormat::Png).await;
        phone.is_told("数字不一致，登录已取消");
        desk.finish().await;
        assert_ne!(desk.visitor.at.as_str(), demo.portal("/hall"));
    }

    async fn a_code_is_good_for_one_telephone_and_once(demo: Demo) {
        let mut desk = Desk::open(&demo).await;
        let code = desk.code().await;
        let mut phone = Phone::signed_in(&demo).await;
        let mut second =
            Phone::signed_in_as(&demo, &[("account", "19400000003"), ("password", "Jlrs2026")]).await;
        phone.scan(&code).await;
        let numbers = phone.page().text_of(".numbers");
        second.upload(&code, ImageFormat::Png).await;
        second.is_told("二维码已被其他手机扫描");
        // The first may look again, and is asked the same.
        phone.home(&demo).await;
        phone.scan(&code).await;
        assert_eq!(phone.page().text_of(".numbers"), numbers);
        let (number, identity) = (desk.number().await, phone.identity("个人"));
        phone.confirm(&number, &identity).await;
        phone.is_told("已确认登录");
        for phone in [&mut phone, &mut second] {
            phone.upload(&code, ImageFormat::Png).await;
            phone.is_told("二维码已使用");
        }
    }

    async fn a_code_that_is_too_old_says_so(demo: Demo) {
        let mut desk = Desk::open(&demo).await;
        let code = desk.code().await;
        let mut phone = Phone::signed_in(&demo).await;
        phone.scan(&code).await;
        let (number, identity) = (desk.number().await, phone.identity("个人"));
        demo.provider.advance_seconds(190);
        phone.confirm(&number, &identity).await;
        phone.is_told("二维码已失效");
        let mut later = Desk::open(&demo).await;
        let code = later.code().await;
        demo.provider.advance_seconds(121);
        phone.upload(&code, ImageFormat::Png).await;
        phone.is_told("二维码已失效");
    }

    async fn a_made_up_code_is_unknown(demo: Demo) {
        let mut phone = Phone::signed_in(&demo).await;
        let made_up = demo.provider(&format!("/scan/{}", "A".repeat(43)));
        phone.0.post("/app/scan/address", &[("address", &made_up)]).await;
        phone.is_told("无法识别的二维码");
        phone.home(&demo).await;
        phone.0.post("/app/scan/address", &[("address", "https://evil.example/scan/x")]).await;
        assert_eq!(phone.page().status, 422);
        assert!(phone.page().text().contains("evil.example"), "{}", phone.page().text());
    }

    /// RFC 9470: the token is good, the sign-in behind it too old; the app sees the difference, and leads to a new one.
    async fn a_sign_in_that_is_too_old_is_made_again(demo: Demo) {
        let mut phone = Phone::signed_in(&demo).await;
        demo.provider.advance_seconds(60);
        let mut desk = Desk::open_anew(&demo).await;
        let code = desk.code().await;
        phone.upload(&code, ImageFormat::Png).await;
        phone.is_told("请重新登录");
        assert_eq!(desk.state().await["state"], "waiting");
        let way_on = phone.page().attribute("a[href^='/app/login']", "href").unwrap();
        phone.0.go(&way_on).await;
        phone.sign_in(&demo, "/sign-in/personal", &PERSON).await;
        phone.scan(&code).await;
        let (number, identity) = (desk.number().await, phone.identity("个人"));
        phone.confirm(&number, &identity).await;
        phone.is_told("已确认登录");
        desk.finish().await;
        assert_eq!(desk.visitor.at.as_str(), demo.portal("/hall"), "{}", desk.visitor.page.text());
    }

    /// Between the scan and the confirmation the account's password changed, or somebody signed out for it.
    async fn a_session_that_ended_confirms_nothing(demo: Demo) {
        let mut desk = Desk::open(&demo).await;
        let mut phone = Phone::signed_in(&demo).await;
        phone.scan(&desk.code().await).await;
        let (number, identity) = (desk.number().await, phone.identity("个人"));
        let revoked = "UPDATE grants SET revoked_at = 1 WHERE client_id = 'mobile-app'";
        crate::support::sql::execute(&demo.provider, revoked).await;
        phone.confirm(&number, &identity).await;
        phone.is_told("登录状态已失效");
        assert_eq!(phone.page().status, 403);
        assert_eq!(desk.state().await["state"], "scanned");
        phone.home(&demo).await;
        assert!(phone.page().has("a[href='/app/login']"));
    }
}
