//! 证件类型: the kinds of identity document that the platform accepts.

/// A kind of identity document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentType {
    /// 居民身份证: the card of a resident of the mainland.
    ResidentId,
    /// 港澳居民来往内地通行证: the travel permit of a resident of Hong Kong or Macao.
    HongKongMacaoPermit,
    /// 台湾居民来往大陆通行证: the travel permit of a resident of Taiwan.
    TaiwanPermit,
    /// 港澳台居民居住证: the residence permit of a resident of Hong Kong, Macao or Taiwan.
    ResidencePermit,
    /// 外国人永久居留身份证: a foreigner's permanent residence card.
    PermanentResidence,
    /// 普通护照: a passport of China, the official ones included.
    Passport,
    /// 外国护照: a passport of another country. It is a type of its own because its numbers
    /// follow no rule by which a slip in a Chinese number could still be noticed.
    ForeignPassport,
}

impl DocumentType {
    /// Every type, in the order in which the pages offer them.
    pub const ALL: [DocumentType; 7] = [
        DocumentType::ResidentId,
        DocumentType::HongKongMacaoPermit,
        DocumentType::TaiwanPermit,
        DocumentType::ResidencePermit,
        DocumentType::PermanentResidence,
        DocumentType::Passport,
        DocumentType::ForeignPassport,
    ];

    /// The key in forms and in the store, which never changes: the type's code in GA/T 517, or a
    /// word where that standard has no code, or none of its own, for the type.
    pub fn code(self) -> &'static str {
        match self {
            DocumentType::ResidencePermit => "residence_permit",
            DocumentType::ForeignPassport => "foreign_passport",
            other => other.standard_code(),
        }
    }

    /// The type whose [`code`](Self::code) this is.
    pub fn from_code(code: &str) -> Option<DocumentType> {
        DocumentType::ALL.into_iter().find(|t| t.code() == code)
    }

    /// The code that portals receive: GA/T 517, which does not tell foreign passports from
    /// Chinese ones and has only 990, another document, for residence permits.
    pub fn standard_code(self) -> &'static str {
        match self {
            DocumentType::ResidentId => "111",
            DocumentType::Passport | DocumentType::ForeignPassport => "414",
            DocumentType::TaiwanPermit => "511",
            DocumentType::HongKongMacaoPermit => "516",
            DocumentType::PermanentResidence => "553",
            DocumentType::ResidencePermit => "990",
        }
    }

    /// The type's name on the pages.
    pub fn label(self) -> &'static str {
        match self {
            DocumentType::ResidentId => "居民身份证",
            DocumentType::HongKongMacaoPermit => "港澳居民来往内地通行证",
            DocumentType::TaiwanPermit => "台湾居民来往大陆通行证",
            DocumentType::ResidencePermit => "港澳台居民居住证",
            DocumentType::PermanentResidence => "外国人永久居留身份证",
            DocumentType::Passport => "普通护照",
            DocumentType::ForeignPassport => "外国护照",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_again_by_its_code() {
        for document_type in DocumentType::ALL {
            let found = DocumentType::from_code(document_type.code());
            assert_eq!(found, Some(document_type));
        }
        assert_eq!(DocumentType::from_code("990"), None);
    }

    #[test]
    fn codes_of_the_standard() {
        assert_eq!(DocumentType::ResidentId.code(), "111");
        assert_eq!(DocumentType::ForeignPassport.standard_code(), "414");
    }
}
