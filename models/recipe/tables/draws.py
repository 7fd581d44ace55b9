"""Words that prompts draw at random: the model must copy these, never know them."""

NAMES = (
    "Alice Bob Carol David Emma Frank Grace Henry Irene Jack Karen Leo Maria Nina Oscar Paula Quentin Rosa Sam Tina "
    "Ursula Victor Wendy Xavier Yara Zoe Ahmed Bilal Chloe Diego Elena Farid Greta Hugo Ingrid Jonas Karim Laura "
    "Marco Nadia Olga Pedro Rania Sofia Thomas Umar Vera William Yusuf Zara Anna Ben Clara Daniel Eva Felix Gina "
    "Hans Ivan Julia Kevin Lucy Max Nora Otto Peter Rita Simon Theo Uma Viktor Walter Yuki Aisha Bruno Camille Dora "
    "Eric Fatima George Hannah Isaac Jane Kofi Lena Mehmet Noah Olivia Pablo Ravi Sarah Tomas Priya Mateo Lucas Mia "
    "Ella Liam Ethan Ava Amelia Charlotte Sophie James John Mary Robert Linda Michael Susan Richard Jessica Joseph "
    "Lisa Charles Nancy Mark Betty Paul Sandra Steven Ashley Andrew Kim Joshua Emily Brian Donna Amir Layla Hassan "
    "Omar Leila Samir Ines Pierre Jean Marie Luc Claire Antoine Louis Adele Giulia Luca Paolo Francesca Carlos Luis "
    "Ana Carmen Javier Miguel Isabel Jorge Lucia Klaus Heidi Fritz Anke Dirk Uwe Sven Lars Astrid Bjorn Freya Erik "
    "Olaf Pavel Tanya Boris Natasha Igor Wei Ming Li Chen Hiro Kenji Sakura Aiko Haruto Arjun Deepa Anil Meera Kavya"
).split()

CITIES = (
    "Paris London Berlin Madrid Rome Lisbon Vienna Dublin Oslo Tokyo Boston Lima Athens Prague Warsaw Budapest "
    "Amsterdam Brussels Copenhagen Stockholm Helsinki Moscow Kyiv Ankara Istanbul Cairo Nairobi Lagos Accra Dakar "
    "Tunis Rabat Casablanca Beijing Shanghai Seoul Busan Osaka Kyoto Bangkok Hanoi Manila Jakarta Singapore Mumbai "
    "Delhi Chennai Kolkata Karachi Dhaka Kathmandu Tehran Baghdad Dubai Doha Riyadh Jerusalem Amman Beirut Sydney "
    "Melbourne Perth Brisbane Auckland Wellington Toronto Montreal Vancouver Ottawa Chicago Denver Seattle Dallas "
    "Houston Miami Atlanta Phoenix Portland Detroit Havana Bogota Quito Santiago Caracas Brasilia Montevideo Lyon "
    "Marseille Nice Toulouse Bordeaux Lille Nantes Hamburg Munich Cologne Frankfurt Dresden Leipzig Stuttgart "
    "Bremen Milan Naples Turin Venice Florence Bologna Genoa Barcelona Seville Valencia Bilbao Porto Zurich Geneva "
    "Basel Bern Salzburg Graz Krakow Gdansk Riga Tallinn Vilnius Sofia Belgrade Zagreb Glasgow Edinburgh Leeds "
    "Manchester Liverpool Bristol Cardiff Belfast Cork Galway Bergen Malmo Aarhus Turku Reykjavik Austin Nashville"
).split()

NOUNS = (
    "mountain river pocket rocket thunder banana harbor window purple candle silver garden lantern coral pebble "
    "table piano drone gate engine door lamp oven robot printer camera fridge heater radio fountain elevator curtain "
    "shelf mirror blanket carpet bottle basket bucket ladder hammer needle pencil paper envelope ticket wallet coin "
    "button zipper jacket sweater helmet glove boot sandal ribbon feather leaf branch root seed flower forest desert "
    "valley island beach canyon glacier meadow swamp cloud storm rain snow wind fog comet planet galaxy moon star sun "
    "tiger lion zebra rabbit falcon eagle sparrow salmon whale shark turtle lizard spider beetle butterfly dragon "
    "castle tower bridge tunnel road street market school library museum theater hospital station airport temple "
    "kitchen bedroom balcony roof wall floor chair desk bench sofa bed pillow cushion clock watch phone tablet "
    "computer keyboard screen speaker battery cable wheel pedal bicycle truck tractor wagon boat ship anchor sail "
    "guitar violin trumpet drum flute song melody rhythm poem story letter book page chapter picture painting statue "
    "apple orange lemon cherry grape peach melon carrot potato onion garlic pepper tomato bread butter cheese honey "
    "sugar salt coffee tea juice soup salad pizza cookie cake candy chocolate vanilla cinnamon ginger marble crystal "
    "diamond emerald ruby copper iron steel gold bronze velvet cotton wool leather plastic rubber wood stone brick "
    "sand clay shadow mist flame spark smoke ember frost ice wave tide stream lake pond ocean winter summer autumn "
    "spring morning evening midnight sunset dawn dream secret puzzle riddle magic wizard knight pirate captain sailor "
    "farmer baker doctor teacher singer dancer painter writer budget meeting holiday birthday wedding party dinner "
    "lunch breakfast report invoice project schedule contract recipe weather football tennis chess music history "
    "science travel news health money energy garage fence pump valve motor sensor antenna satellite telescope "
    "microscope compass map globe flag banner medal trophy crown ring necklace bracelet pearl amber violet crimson "
    "orchid tulip daisy lily maple willow cedar walnut acorn mushroom clover fern moss ivy bamboo cactus olive "
    "kitten puppy pony donkey camel monkey panda koala otter beaver squirrel hedgehog badger raven pigeon swan owl"
).split()

ADJECTIVES = (
    "red blue green yellow purple silver golden bright quiet happy gentle brave clever swift calm heavy light tiny "
    "huge warm cold fresh old new soft hard wild strange simple sweet loud dark clean smooth round broken hidden "
    "ancient modern famous lonely lucky proud wooden frozen empty rapid distant pretty busy lazy"
).split()

VERBS = (
    "paint stop clean lock count open close start move lift check scan wash repair polish measure rotate reset launch "
    "park charge unlock fill empty heat cool weigh load track inspect rename sort copy delete archive pause resume "
    "play record mute print fold wrap pack ship order book cancel reserve rent sell buy feed water plant harvest cut "
    "trim shake stir mix bake cook freeze melt light dim tune press push pull turn raise lower tilt shift drop throw "
    "catch find locate watch guard protect hide show draw sketch label mark tag group merge split compress restore "
    "refresh update install remove replace swap connect disconnect enable disable test build assemble destroy decorate "
    "cover seal empty shut activate calibrate drain flip hang illuminate invite kick lend mount name notify paste pick "
    "place post query rate ring roll save send shine spin store stretch sweep switch tie toggle transfer wake wipe"
).split()

PARAMETERS = (
    "place owner label color size name reason speed level mode target source title amount user date duration format "
    "weight height width price category status priority code style room floor zone side angle direction material "
    "shape pattern number text message note tag group role brand model version language country region city address "
    "phone topic subject author genre unit volume temperature pressure distance depth time day month year season "
    "kind type key value path file folder channel account recipient sender comment description limit offset count "
    "texture finish theme mood flavor scent sound team partner manager driver pilot"
).split()

IDENTIFIERS = (
    "a b c d n m x y z i j k p q r s t u v w x1 x2 y1 y2 a1 b1 left right first second third total price count items "
    "speed time width height length value values data number numbers num nums item index result name text word words "
    "size age score points rate tax cost amount weight distance mass force base power start end low high minimum "
    "maximum limit offset step factor scale ratio depth radius angle area volume temperature pressure current voltage "
    "balance deposit salary bonus discount quantity hours minutes seconds days years apples oranges cats dogs red "
    "green blue row col rows cols foo bar baz lhs rhs src dst old new current_value next_value user_id total_price "
    "item_count max_size first_name last_name old_value new_value delta alpha beta gamma"
).split()

_ONSETS = "b c d f g h j k l m n p r s t v w z br cr dr fl gr pl pr sh sl st th tr ch".split()
_VOWELS = "a e i o u ai ee oo ou ia".split()
_CODAS = ["", "", "", "n", "r", "l", "s", "t", "m", "k", "nd", "st", "rk", "x"]


def pseudo_word(rng) -> str:
    """A pronounceable word that exists in no list, so that copying cannot be memory."""
    return "".join(
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(rng.choice((1, 2, 2, 2, 3)))
    )


def any_word(rng) -> str:
    """A word to copy: mostly an everyday noun, often something never seen."""
    roll = rng.random()
    if roll < 0.6:
        return rng.choice(NOUNS)
    if roll < 0.75:
        return rng.choice(ADJECTIVES)
    if roll < 0.8:
        return rng.choice(NAMES)
    return pseudo_word(rng)
