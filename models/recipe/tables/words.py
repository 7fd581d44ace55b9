"""Opposites, plurals, animal sounds, sequences and everyday translations."""

OPPOSITES: list[tuple[str, str]] = [
    tuple(pair.split("/"))
    for pair in (
        "hot/cold big/small tall/short up/down in/out open/closed good/bad early/late strong/weak wet/dry fast/slow "
        "happy/sad light/dark day/night hard/soft old/young new/old rich/poor full/empty clean/dirty high/low left/right "
        "long/short loud/quiet heavy/light thick/thin wide/narrow deep/shallow near/far first/last true/false yes/no "
        "on/off black/white begin/end start/stop buy/sell push/pull win/lose love/hate give/take come/go front/back "
        "top/bottom inside/outside before/after above/below over/under always/never everything/nothing all/none "
        "easy/difficult right/wrong sweet/sour smooth/rough sharp/blunt brave/afraid safe/dangerous kind/cruel "
        "polite/rude same/different cheap/expensive simple/complex alive/dead awake/asleep male/female north/south "
        "east/west war/peace friend/enemy summer/winter sunrise/sunset hello/goodbye laugh/cry remember/forget "
        "find/lose arrive/leave question/answer success/failure add/subtract increase/decrease possible/impossible "
        "visible/invisible lucky/unlucky noisy/quiet beautiful/ugly modern/ancient tight/loose straight/crooked "
        "raw/cooked fresh/stale public/private guilty/innocent generous/selfish lazy/hardworking calm/nervous "
        "accept/refuse build/destroy float/sink raise/lower borrow/lend hide/show save/spend attack/defend "
        "morning/evening past/future boy/girl man/woman king/queen father/mother brother/sister many/few more/less "
        "big/little large/small warm/cool fat/thin shut/open close/open end/beginning sick/healthy tired/rested "
        "bright/dim angry/calm bitter/sweet maximum/minimum positive/negative plus/minus multiply/divide "
        "present/absent frozen/melted solid/liquid junior/senior entrance/exit upstairs/downstairs "
        "forward/backward together/apart often/rarely here/there everybody/nobody something/nothing "
        "life/death heaven/hell truth/lie profit/loss import/export permit/forbid praise/blame "
        "sunny/cloudy funny/serious wise/foolish clever/stupid shy/bold patient/impatient honest/dishonest"
    ).split()
]

IRREGULAR_PLURALS: dict[str, str] = dict(
    pair.split("/")
    for pair in (
        "man/men woman/women child/children foot/feet tooth/teeth goose/geese mouse/mice person/people ox/oxen "
        "knife/knives wife/wives life/lives leaf/leaves wolf/wolves half/halves shelf/shelves loaf/loaves thief/thieves "
        "calf/calves elf/elves scarf/scarves hoof/hooves self/selves sheep/sheep fish/fish deer/deer moose/moose "
        "series/series species/species cactus/cacti fungus/fungi nucleus/nuclei radius/radii crisis/crises "
        "analysis/analyses oasis/oases thesis/theses datum/data medium/media criterion/criteria "
        "potato/potatoes tomato/tomatoes hero/heroes echo/echoes volcano/volcanoes mosquito/mosquitoes "
        "piano/pianos photo/photos radio/radios zoo/zoos video/videos roof/roofs chef/chefs belief/beliefs "
        "quiz/quizzes bus/buses gas/gases louse/lice die/dice gentleman/gentlemen policeman/policemen "
        "grandchild/grandchildren salmon/salmon aircraft/aircraft"
    ).split()
)

REGULAR_NOUNS = (
    "box fox church dish brush glass class kiss watch bench beach peach match witch bus dress lunch branch tax wish "
    "city baby lady story party berry cherry puppy country family fly body army cat dog car tree house table chair "
    "book pen cup door window garden river mountain cloud star moon apple banana orange lemon flower bird horse cow "
    "pig duck hen boat ship train plane road street bridge school teacher student friend doctor nurse king queen "
    "boy girl brother sister day week month year hour game song picture letter word number key lock bottle spoon "
    "fork plate shirt shoe hat coat toy ball monkey donkey turkey valley kitchen computer phone clock lamp bed "
    "island lion tiger bear elephant rabbit frog snake spider ant bee butterfly dragon castle tower farm field "
    "forest lake ocean stone rock egg cake cookie sandwich carrot onion page penny diary "
    "library factory enemy secret idea eye ear nose arm leg hand finger head"
).split()

SOUNDS: dict[str, str] = dict(
    pair.split("/")
    for pair in (
        "dog/woof cat/meow cow/moo pig/oink duck/quack sheep/baa goat/bleat horse/neigh rooster/cock-a-doodle-doo "
        "hen/cluck chicken/cluck lion/roar tiger/roar bear/growl wolf/howl owl/hoot bee/buzz fly/buzz mosquito/buzz snake/hiss frog/ribbit "
        "mouse/squeak donkey/hee-haw crow/caw bird/tweet elephant/trumpet monkey/chatter turkey/gobble goose/honk "
        "cricket/chirp dove/coo pigeon/coo raven/croak seal/bark puppy/yip kitten/mew lamb/baa hyena/laugh parrot/squawk "
        "whale/sing dolphin/click rabbit/squeak eagle/screech hawk/screech rat/squeak toad/croak fox/yelp bull/bellow "
        "sparrow/chirp camel/grunt leopard/growl panther/growl robin/chirp canary/sing calf/moo chick/cheep piglet/oink "
        "swan/trumpet peacock/scream zebra/bray ape/grunt gorilla/grunt"
    ).split()
)

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = ("January February March April May June July August September October November December").split()
SEASONS = ["spring", "summer", "autumn", "winter"]
PLANETS = "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune".split()
NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()

# English|French|Spanish|German
_TRANSLATIONS = """
house|maison|casa|Haus
water|eau|agua|Wasser
cat|chat|gato|Katze
dog|chien|perro|Hund
bread|pain|pan|Brot
thank you|merci|gracias|danke
hello|bonjour|hola|hallo
goodbye|au revoir|adiós|auf Wiedersehen
please|s'il vous plaît|por favor|bitte
yes|oui|sí|ja
no|non|no|nein
good morning|bonjour|buenos días|guten Morgen
good night|bonne nuit|buenas noches|gute Nacht
friend|ami|amigo|Freund
book|livre|libro|Buch
sun|soleil|sol|Sonne
moon|lune|luna|Mond
school|école|escuela|Schule
car|voiture|coche|Auto
tree|arbre|árbol|Baum
mother|mère|madre|Mutter
father|père|padre|Vater
apple|pomme|manzana|Apfel
milk|lait|leche|Milch
red|rouge|rojo|rot
blue|bleu|azul|blau
green|vert|verde|grün
bird|oiseau|pájaro|Vogel
fish|poisson|pescado|Fisch
cheese|fromage|queso|Käse
day|jour|día|Tag
night|nuit|noche|Nacht
love|amour|amor|Liebe
man|homme|hombre|Mann
woman|femme|mujer|Frau
child|enfant|niño|Kind
black|noir|negro|schwarz
white|blanc|blanco|weiß
door|porte|puerta|Tür
window|fenêtre|ventana|Fenster
table|table|mesa|Tisch
horse|cheval|caballo|Pferd
one|un|uno|eins
two|deux|dos|zwei
three|trois|tres|drei
city|ville|ciudad|Stadt
fire|feu|fuego|Feuer
flower|fleur|flor|Blume
family|famille|familia|Familie
brother|frère|hermano|Bruder
sister|sœur|hermana|Schwester
music|musique|música|Musik
coffee|café|café|Kaffee
tea|thé|té|Tee
wine|vin|vino|Wein
egg|œuf|huevo|Ei
street|rue|calle|Straße
rain|pluie|lluvia|Regen
snow|neige|nieve|Schnee
star|étoile|estrella|Stern
sky|ciel|cielo|Himmel
sea|mer|mar|Meer
river|rivière|río|Fluss
mountain|montagne|montaña|Berg
hand|main|mano|Hand
head|tête|cabeza|Kopf
heart|cœur|corazón|Herz
eye|œil|ojo|Auge
big|grand|grande|groß
small|petit|pequeño|klein
good|bon|bueno|gut
bad|mauvais|malo|schlecht
hot|chaud|caliente|heiß
cold|froid|frío|kalt
new|nouveau|nuevo|neu
old|vieux|viejo|alt
boy|garçon|chico|Junge
girl|fille|chica|Mädchen
time|temps|tiempo|Zeit
work|travail|trabajo|Arbeit
world|monde|mundo|Welt
king|roi|rey|König
queen|reine|reina|Königin
train|train|tren|Zug
garden|jardin|jardín|Garten
chair|chaise|silla|Stuhl
bed|lit|cama|Bett
key|clé|llave|Schlüssel
letter|lettre|carta|Brief
word|mot|palabra|Wort
name|nom|nombre|Name
yellow|jaune|amarillo|gelb
four|quatre|cuatro|vier
five|cinq|cinco|fünf
six|six|seis|sechs
seven|sept|siete|sieben
eight|huit|ocho|acht
nine|neuf|nueve|neun
ten|dix|diez|zehn
today|aujourd'hui|hoy|heute
tomorrow|demain|mañana|morgen
summer|été|verano|Sommer
winter|hiver|invierno|Winter
happy|heureux|feliz|glücklich
beautiful|beau|hermoso|schön
light|lumière|luz|Licht
country|pays|país|Land
sorry|désolé|lo siento|Entschuldigung
son|fils|hijo|Sohn
daughter|fille|hija|Tochter
Monday|lundi|lunes|Montag
Sunday|dimanche|domingo|Sonntag
money|argent|dinero|Geld
rice|riz|arroz|Reis
salt|sel|sal|Salz
sugar|sucre|azúcar|Zucker
beer|bière|cerveza|Bier
meat|viande|carne|Fleisch
chicken|poulet|pollo|Huhn
cow|vache|vaca|Kuh
mouse|souris|ratón|Maus
life|vie|vida|Leben
hat|chapeau|sombrero|Hut
shoe|chaussure|zapato|Schuh
paper|papier|papel|Papier
language|langue|idioma|Sprache
question|question|pregunta|Frage
answer|réponse|respuesta|Antwort
forest|forêt|bosque|Wald
island|île|isla|Insel
wind|vent|viento|Wind
earth|terre|tierra|Erde
good evening|bonsoir|buenas tardes|guten Abend
teacher|professeur|profesor|Lehrer
student|étudiant|estudiante|Student
bicycle|vélo|bicicleta|Fahrrad
plane|avion|avión|Flugzeug
village|village|pueblo|Dorf
beach|plage|playa|Strand
orange|orange|naranja|Orange
lemon|citron|limón|Zitrone
banana|banane|plátano|Banane
fruit|fruit|fruta|Obst
potato|pomme de terre|patata|Kartoffel
tomato|tomate|tomate|Tomate
onion|oignon|cebolla|Zwiebel
soup|soupe|sopa|Suppe
butter|beurre|mantequilla|Butter
juice|jus|zumo|Saft
breakfast|petit déjeuner|desayuno|Frühstück
lunch|déjeuner|almuerzo|Mittagessen
dinner|dîner|cena|Abendessen
pig|cochon|cerdo|Schwein
duck|canard|pato|Ente
sheep|mouton|oveja|Schaf
lion|lion|león|Löwe
bear|ours|oso|Bär
brown|marron|marrón|braun
sad|triste|triste|traurig
fast|rapide|rápido|schnell
slow|lent|lento|langsam
morning|matin|mañana|Morgen
evening|soir|tarde|Abend
week|semaine|semana|Woche
month|mois|mes|Monat
year|année|año|Jahr
yesterday|hier|ayer|gestern
spring|printemps|primavera|Frühling
autumn|automne|otoño|Herbst
Tuesday|mardi|martes|Dienstag
Wednesday|mercredi|miércoles|Mittwoch
Thursday|jeudi|jueves|Donnerstag
Friday|vendredi|viernes|Freitag
Saturday|samedi|sábado|Samstag
kitchen|cuisine|cocina|Küche
room|chambre|habitación|Zimmer
cup|tasse|taza|Tasse
glass|verre|vaso|Glas
knife|couteau|cuchillo|Messer
spoon|cuillère|cuchara|Löffel
fork|fourchette|tenedor|Gabel
plate|assiette|plato|Teller
pen|stylo|bolígrafo|Stift
nose|nez|nariz|Nase
mouth|bouche|boca|Mund
ear|oreille|oreja|Ohr
foot|pied|pie|Fuß
hair|cheveux|pelo|Haare
shirt|chemise|camisa|Hemd
song|chanson|canción|Lied
doctor|médecin|médico|Arzt
church|église|iglesia|Kirche
bridge|pont|puente|Brücke
computer|ordinateur|ordenador|Computer
shop|magasin|tienda|Geschäft
market|marché|mercado|Markt
birthday|anniversaire|cumpleaños|Geburtstag
"""

TRANSLATIONS: list[dict[str, str]] = [
    dict(zip(("English", "French", "Spanish", "German"), line.split("|"), strict=True))
    for line in _TRANSLATIONS.strip().splitlines()
]

COLORS_OF: dict[str, str] = dict(
    pair.split("/")
    for pair in (
        "sky/blue grass/green snow/white blood/red coal/black milk/white leaf/green sun/yellow banana/yellow "
        "tomato/red lemon/yellow ocean/blue night/black carrot/orange strawberry/red frog/green"
    ).split()
)


def plural(noun: str) -> str:
    """English plural of `noun`."""
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    if noun.endswith(("s", "x", "ch", "sh", "z")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def article(noun: str) -> str:
    """The indefinite article of `noun`."""
    return "an" if noun[0] in "aeiou" else "a"
