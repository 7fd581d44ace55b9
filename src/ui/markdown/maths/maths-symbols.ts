// What macros of LaTeX are in Unicode: symbols, names of functions, scripts, letters, accents, spaces.

/** `name=value` pairs, parted by white space. */
function pairs(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .trim()
      .split(/\s+/)
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

/** The characters of `from` with those of `to`, one by one. */
function zip(from: string, to: string): ReadonlyMap<string, string> {
  const images = [...to];
  return new Map([...from].map((character, index) => [character, images[index] ?? '']));
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Greek letters, operators, relations, arrows, large operators, signs, dots and brackets. */
export const SYMBOLS = pairs(`
  alpha=α beta=β gamma=γ delta=δ epsilon=ϵ varepsilon=ε zeta=ζ eta=η theta=θ vartheta=ϑ iota=ι kappa=κ lambda=λ mu=μ nu=ν
  xi=ξ omicron=ο pi=π varpi=ϖ rho=ρ varrho=ϱ sigma=σ varsigma=ς tau=τ upsilon=υ phi=ϕ varphi=φ chi=χ psi=ψ omega=ω
  Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Upsilon=Υ Phi=Φ Psi=Ψ Omega=Ω
  times=× div=÷ cdot=· ast=∗ star=⋆ circ=∘ bullet=• pm=± mp=∓ oplus=⊕ ominus=⊖ otimes=⊗ odot=⊙ wedge=∧ vee=∨ land=∧ lor=∨
  lnot=¬ neg=¬ cap=∩ cup=∪ sqcap=⊓ sqcup=⊔ setminus=∖ amalg=⨿ dagger=† ddagger=‡
  leq=≤ le=≤ geq=≥ ge=≥ neq=≠ ne=≠ ll=≪ gg=≫ approx=≈ equiv=≡ sim=∼ simeq=≃ cong=≅ propto=∝ doteq=≐ prec=≺ succ=≻
  preceq=⪯ succeq=⪰ leqslant=⩽ geqslant=⩾ lesssim=≲ gtrsim=≳ asymp=≍ models=⊨ vdash=⊢ dashv=⊣ vDash=⊨ perp=⊥ parallel=∥
  mid=| nmid=∤ bowtie=⋈
  in=∈ notin=∉ ni=∋ subset=⊂ supset=⊃ subseteq=⊆ supseteq=⊇ subsetneq=⊊ supsetneq=⊋ nsubseteq=⊈ emptyset=∅ varnothing=∅
  forall=∀ exists=∃ nexists=∄ top=⊤ bot=⊥ therefore=∴ because=∵
  to=→ rightarrow=→ leftarrow=← gets=← uparrow=↑ downarrow=↓ leftrightarrow=↔ Rightarrow=⇒ Leftarrow=⇐ Leftrightarrow=⇔
  implies=⟹ impliedby=⟸ iff=⟺ mapsto=↦ longmapsto=⟼ longrightarrow=⟶ longleftarrow=⟵ Longrightarrow=⟹ hookrightarrow=↪
  rightharpoonup=⇀ rightleftharpoons=⇌ nearrow=↗ searrow=↘ rightsquigarrow=⇝
  sum=∑ prod=∏ coprod=∐ int=∫ iint=∬ iiint=∭ oint=∮ bigcup=⋃ bigcap=⋂ bigoplus=⨁ bigotimes=⨂ bigvee=⋁ bigwedge=⋀
  infty=∞ partial=∂ nabla=∇ hbar=ℏ ell=ℓ Re=ℜ Im=ℑ aleph=ℵ wp=℘ angle=∠ triangle=△ square=□ Box=□ blacksquare=■ qed=∎
  prime=′ degree=° checkmark=✓ surd=√ sharp=♯ flat=♭ natural=♮ clubsuit=♣ diamondsuit=♢ heartsuit=♡ spadesuit=♠ diamond=⋄
  triangleq=≜ ldots=… dots=… dotsc=… dotsb=⋯ cdots=⋯ vdots=⋮ ddots=⋱ langle=⟨ rangle=⟩ lfloor=⌊ rfloor=⌋ lceil=⌈ rceil=⌉
  lvert=| rvert=| vert=| lVert=‖ rVert=‖ Vert=‖ lbrace={ rbrace=} lbrack=[ rbrack=] backslash=\\ colon=: imath=ı jmath=ȷ
  AA=Å pounds=£ copyright=© S=§ P=¶ complement=∁ mho=℧ eth=ð upharpoonright=↾`);

/** Macros that are written as their name. */
export const FUNCTIONS = words(`
  sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth log ln lg exp lim limsup liminf max min sup inf arg argmax
  argmin det dim ker gcd lcm deg hom Pr mod`);

export const SUPERSCRIPTS = zip(
  '0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWαβγδεθιφχ−′∗',
  '⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᵋᶿᶥᵠᵡ⁻′*',
);

export const SUBSCRIPTS = zip('0123456789+-=()aehijklmnoprstuvxβγρφχ−', '₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ₋');

const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const DOUBLE_STRUCK = zip(`${CAPITALS}1k`, '𝔸𝔹ℂ𝔻𝔼𝔽𝔾ℍ𝕀𝕁𝕂𝕃𝕄ℕ𝕆ℙℚℝ𝕊𝕋𝕌𝕍𝕎𝕏𝕐ℤ𝟙𝕜');
export const CALLIGRAPHIC = zip(CAPITALS, '𝒜ℬ𝒞𝒟ℰℱ𝒢ℋℐ𝒥𝒦ℒℳ𝒩𝒪𝒫𝒬ℛ𝒮𝒯𝒰𝒱𝒲𝒳𝒴𝒵');

/** Combining marks that follow each letter. */
export const ACCENTS: ReadonlyMap<string, string> = new Map([
  ['hat', '\u0302'],
  ['widehat', '\u0302'],
  ['bar', '\u0304'],
  ['overline', '\u0305'],
  ['tilde', '\u0303'],
  ['widetilde', '\u0303'],
  ['vec', '\u20d7'],
  ['dot', '\u0307'],
  ['ddot', '\u0308'],
  ['check', '\u030c'],
  ['breve', '\u0306'],
  ['acute', '\u0301'],
  ['grave', '\u0300'],
  ['underline', '\u0332'],
]);

/** Macros of which only the letters in their braces are shown. */
export const FONTS = words(`
  text textrm textbf textit textsf texttt textnormal mathrm mathbf mathit mathsf mathtt mathnormal boldsymbol bm operatorname
  mbox hbox emph pmb mathfrak`);

/** Macros of size and style, which show nothing. */
export const INVISIBLE = words(`
  left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle textstyle scriptstyle limits nolimits
  nonumber notag middle`);

export const SPACES: ReadonlyMap<string, string> = new Map([
  [',', ' '],
  [':', ' '],
  [';', ' '],
  ['!', ''],
  [' ', ' '],
  ['>', ' '],
  ['quad', '  '],
  ['qquad', '    '],
  ['enspace', ' '],
  ['thinspace', ' '],
]);

/** What `\not` makes of the symbol behind it. */
export const NEGATED = zip('=∈⊂⊆≡∼≈∃|<>≤≥→', '≠∉⊄⊈≢≁≉∄∤≮≯≰≱↛');

/** Relations and binary operators, which have a space on each side. */
export const SPACED: ReadonlySet<string> = new Set('·=≠<>≤≥≪≫≈≡∼≃≅∝∈∉⊂⊆⊃⊇→←↔⇒⇐⇔⟹⟸⟺↦⟼⟶±∓×÷∧∨∩∪∖⊕⊗⊢⊨≜⊥∥∣');
