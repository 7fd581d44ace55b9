"""Countries with capital, main languages and continent, one per line."""

from typing import NamedTuple


class Country(NamedTuple):
    """One country; `article` is "the " where English wants it."""

    name: str
    capital: str
    languages: str
    continent: str
    article: str


_EUROPE = """
Albania|Tirana|Albanian
Andorra|Andorra la Vella|Catalan
Austria|Vienna|German
Belarus|Minsk|Belarusian and Russian
Belgium|Brussels|Dutch, French and German
Bosnia and Herzegovina|Sarajevo|Bosnian, Croatian and Serbian
Bulgaria|Sofia|Bulgarian
Croatia|Zagreb|Croatian
Cyprus|Nicosia|Greek and Turkish
Czech Republic|Prague|Czech|the
Denmark|Copenhagen|Danish
Estonia|Tallinn|Estonian
Finland|Helsinki|Finnish and Swedish
France|Paris|French
Germany|Berlin|German
Greece|Athens|Greek
Hungary|Budapest|Hungarian
Iceland|Reykjavik|Icelandic
Ireland|Dublin|English and Irish
Italy|Rome|Italian
Kosovo|Pristina|Albanian and Serbian
Latvia|Riga|Latvian
Liechtenstein|Vaduz|German
Lithuania|Vilnius|Lithuanian
Luxembourg|Luxembourg|Luxembourgish, French and German
Malta|Valletta|Maltese and English
Moldova|Chisinau|Romanian
Monaco|Monaco|French
Montenegro|Podgorica|Montenegrin
Netherlands|Amsterdam|Dutch|the
North Macedonia|Skopje|Macedonian
Norway|Oslo|Norwegian
Poland|Warsaw|Polish
Portugal|Lisbon|Portuguese
Romania|Bucharest|Romanian
San Marino|San Marino|Italian
Serbia|Belgrade|Serbian
Slovakia|Bratislava|Slovak
Slovenia|Ljubljana|Slovenian
Spain|Madrid|Spanish
Sweden|Stockholm|Swedish
Switzerland|Bern|German, French, Italian and Romansh
Ukraine|Kyiv|Ukrainian
United Kingdom|London|English|the
Vatican City|Vatican City|Italian and Latin
Scotland|Edinburgh|English and Gaelic
Wales|Cardiff|Welsh and English
England|London|English
"""

_EUROPE_AND_ASIA = """
Russia|Moscow|Russian
Turkey|Ankara|Turkish
"""

_ASIA = """
Afghanistan|Kabul|Pashto and Dari
Armenia|Yerevan|Armenian
Azerbaijan|Baku|Azerbaijani
Bahrain|Manama|Arabic
Bangladesh|Dhaka|Bengali
Bhutan|Thimphu|Dzongkha
Brunei|Bandar Seri Begawan|Malay
Cambodia|Phnom Penh|Khmer
China|Beijing|Chinese (Mandarin)
East Timor|Dili|Tetum and Portuguese
Georgia|Tbilisi|Georgian
India|New Delhi|Hindi and English
Indonesia|Jakarta|Indonesian
Iran|Tehran|Persian
Iraq|Baghdad|Arabic and Kurdish
Israel|Jerusalem|Hebrew
Japan|Tokyo|Japanese
Jordan|Amman|Arabic
Kazakhstan|Astana|Kazakh and Russian
Kuwait|Kuwait City|Arabic
Kyrgyzstan|Bishkek|Kyrgyz and Russian
Laos|Vientiane|Lao
Lebanon|Beirut|Arabic
Malaysia|Kuala Lumpur|Malay
Maldives|Male|Dhivehi|the
Mongolia|Ulaanbaatar|Mongolian
Myanmar|Naypyidaw|Burmese
Nepal|Kathmandu|Nepali
North Korea|Pyongyang|Korean
Oman|Muscat|Arabic
Pakistan|Islamabad|Urdu and English
Palestine|Ramallah|Arabic
Philippines|Manila|Filipino and English|the
Qatar|Doha|Arabic
Saudi Arabia|Riyadh|Arabic
Singapore|Singapore|English, Malay, Chinese and Tamil
South Korea|Seoul|Korean
Sri Lanka|Sri Jayawardenepura Kotte|Sinhala and Tamil
Syria|Damascus|Arabic
Taiwan|Taipei|Chinese (Mandarin)
Tajikistan|Dushanbe|Tajik
Thailand|Bangkok|Thai
Turkmenistan|Ashgabat|Turkmen
United Arab Emirates|Abu Dhabi|Arabic|the
Uzbekistan|Tashkent|Uzbek
Vietnam|Hanoi|Vietnamese
Yemen|Sanaa|Arabic
"""

_AFRICA = """
Algeria|Algiers|Arabic and Berber
Angola|Luanda|Portuguese
Benin|Porto-Novo|French
Botswana|Gaborone|English and Tswana
Burkina Faso|Ouagadougou|French
Burundi|Gitega|Kirundi and French
Cameroon|Yaounde|French and English
Cape Verde|Praia|Portuguese
Central African Republic|Bangui|French and Sango|the
Chad|N'Djamena|French and Arabic
Comoros|Moroni|Comorian, Arabic and French|the
Democratic Republic of the Congo|Kinshasa|French|the
Djibouti|Djibouti|French and Arabic
Egypt|Cairo|Arabic
Equatorial Guinea|Malabo|Spanish
Eritrea|Asmara|Tigrinya and Arabic
Eswatini|Mbabane|Swazi and English
Ethiopia|Addis Ababa|Amharic
Gabon|Libreville|French
Gambia|Banjul|English|the
Ghana|Accra|English
Guinea|Conakry|French
Guinea-Bissau|Bissau|Portuguese
Ivory Coast|Yamoussoukro|French
Kenya|Nairobi|Swahili and English
Lesotho|Maseru|Sotho and English
Liberia|Monrovia|English
Libya|Tripoli|Arabic
Madagascar|Antananarivo|Malagasy and French
Malawi|Lilongwe|English and Chichewa
Mali|Bamako|French
Mauritania|Nouakchott|Arabic
Mauritius|Port Louis|English and French
Morocco|Rabat|Arabic and Berber
Mozambique|Maputo|Portuguese
Namibia|Windhoek|English
Niger|Niamey|French
Nigeria|Abuja|English
Republic of the Congo|Brazzaville|French|the
Rwanda|Kigali|Kinyarwanda, French and English
Sao Tome and Principe|Sao Tome|Portuguese
Senegal|Dakar|French
Seychelles|Victoria|English, French and Creole|the
Sierra Leone|Freetown|English
Somalia|Mogadishu|Somali and Arabic
South Africa|Pretoria|Zulu, Xhosa, Afrikaans and English
South Sudan|Juba|English
Sudan|Khartoum|Arabic
Tanzania|Dodoma|Swahili and English
Togo|Lome|French
Tunisia|Tunis|Arabic
Uganda|Kampala|English and Swahili
Zambia|Lusaka|English
Zimbabwe|Harare|English, Shona and Ndebele
"""

_NORTH_AMERICA = """
Antigua and Barbuda|Saint John's|English
Bahamas|Nassau|English|the
Barbados|Bridgetown|English
Belize|Belmopan|English
Canada|Ottawa|English and French
Costa Rica|San Jose|Spanish
Cuba|Havana|Spanish
Dominica|Roseau|English
Dominican Republic|Santo Domingo|Spanish|the
El Salvador|San Salvador|Spanish
Grenada|Saint George's|English
Guatemala|Guatemala City|Spanish
Haiti|Port-au-Prince|French and Haitian Creole
Honduras|Tegucigalpa|Spanish
Jamaica|Kingston|English
Mexico|Mexico City|Spanish
Nicaragua|Managua|Spanish
Panama|Panama City|Spanish
Saint Kitts and Nevis|Basseterre|English
Saint Lucia|Castries|English
Saint Vincent and the Grenadines|Kingstown|English
Trinidad and Tobago|Port of Spain|English
United States|Washington, D.C.|English|the
"""

_SOUTH_AMERICA = """
Argentina|Buenos Aires|Spanish
Bolivia|Sucre|Spanish, Quechua and Aymara
Brazil|Brasilia|Portuguese
Chile|Santiago|Spanish
Colombia|Bogota|Spanish
Ecuador|Quito|Spanish
Guyana|Georgetown|English
Paraguay|Asuncion|Spanish and Guarani
Peru|Lima|Spanish and Quechua
Suriname|Paramaribo|Dutch
Uruguay|Montevideo|Spanish
Venezuela|Caracas|Spanish
"""

_OCEANIA = """
Australia|Canberra|English
Fiji|Suva|English, Fijian and Hindi
Kiribati|Tarawa|English and Gilbertese
Marshall Islands|Majuro|Marshallese and English|the
Micronesia|Palikir|English
Nauru|Yaren|Nauruan and English
New Zealand|Wellington|English and Maori
Palau|Ngerulmud|Palauan and English
Papua New Guinea|Port Moresby|English and Tok Pisin
Samoa|Apia|Samoan and English
Solomon Islands|Honiara|English|the
Tonga|Nuku'alofa|Tongan and English
Tuvalu|Funafuti|Tuvaluan and English
Vanuatu|Port Vila|Bislama, English and French
"""


def _parse(continent: str, lines: str) -> list[Country]:
    """Turn the lines of one continent into records."""
    countries = []
    for line in lines.strip().splitlines():
        name, capital, languages, *article = line.split("|")
        countries.append(Country(name, capital, languages, continent, "the " if article else ""))
    return countries


COUNTRIES: list[Country] = [
    *_parse("Europe", _EUROPE),
    *_parse("Europe and Asia", _EUROPE_AND_ASIA),
    *_parse("Asia", _ASIA),
    *_parse("Africa", _AFRICA),
    *_parse("North America", _NORTH_AMERICA),
    *_parse("South America", _SOUTH_AMERICA),
    *_parse("Oceania", _OCEANIA),
]

# asked for more often than the rest
WELL_KNOWN: list[Country] = [
    country
    for country in COUNTRIES
    if country.name
    in (
        "Austria|Belgium|Bulgaria|Croatia|Czech Republic|Denmark|Estonia|Finland|France|Germany|Greece|Hungary|Iceland|Ireland|Italy|Latvia|"
        "Lithuania|Luxembourg|Netherlands|Norway|Poland|Portugal|Romania|Serbia|Slovakia|Slovenia|Spain|Sweden|Switzerland|Ukraine|"
        "United Kingdom|Russia|Turkey|Afghanistan|Bangladesh|Cambodia|China|Georgia|India|Indonesia|Iran|Iraq|Israel|Japan|Jordan|Kazakhstan|"
        "Kuwait|Lebanon|Malaysia|Mongolia|Myanmar|Nepal|North Korea|Pakistan|Philippines|Qatar|Saudi Arabia|Singapore|South Korea|Sri Lanka|"
        "Syria|Thailand|Vietnam|Algeria|Angola|Cameroon|Egypt|Ethiopia|Ghana|Ivory Coast|Kenya|Libya|Madagascar|Mali|Morocco|Mozambique|"
        "Nigeria|Senegal|Somalia|South Africa|Sudan|Tanzania|Tunisia|Uganda|Zambia|Zimbabwe|Canada|Costa Rica|Cuba|Dominican Republic|"
        "El Salvador|Guatemala|Haiti|Honduras|Jamaica|Mexico|Nicaragua|Panama|United States|Argentina|Bolivia|Brazil|Chile|Colombia|Ecuador|"
        "Paraguay|Peru|Uruguay|Venezuela|Australia|New Zealand|Fiji"
    ).split("|")
]

ALIASES: dict[str, str] = {
    "United States": "USA",
    "United Kingdom": "UK",
    "Czech Republic": "Czechia",
    "Netherlands": "Holland",
    "Democratic Republic of the Congo": "DR Congo",
    "United Arab Emirates": "UAE",
}

UNKNOWN_PLACES = (
    "Atlantis Narnia Mordor Wakanda Elbonia Genovia Zubrowka Ruritania Freedonia Sylvania Brobdingnag Lilliput "
    "Utopia Avalon Gondor Rohan Oz Neverland Wonderland Camelot Krakozhia Latveria Sokovia Tamriel Hyrule Valoria"
).split()
