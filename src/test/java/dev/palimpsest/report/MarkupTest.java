package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MarkupTest {
  @Test
  void text_withMarkup_isShownAsItIs() {
    assertThat(new Markup().element("p", "<b>&\"'</b>", "title", "\"><i>").toString())
        .isEqualTo("<p title=\"&quot;&gt;&lt;i&gt;\">&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt;</p>");
  }

  @Test
  void text_withControlCharacters_showsThem() {
    assertThat(new Markup().text("a\0b\u001bc\u007fd\r\n\te").toString())
        .isEqualTo("a\u2400b\u241bc\u2421d\u240d\n\te");
  }

  @Test
  void text_thatWouldTurnOrHideWhatFollows_isSpelledOut() {
    assertThat(new Markup().text("\u202ex\u200by\u2066z\ufeff\uffff").toString())
        .isEqualTo("⟦U+202E⟧x⟦U+200B⟧y⟦U+2066⟧z⟦U+FEFF⟧⟦U+FFFF⟧");
  }

  @Test
  void text_withHalfASurrogatePair_canBeWrittenAsUtf8() {
    assertThat(new Markup().text("\ud83d|\ud83d\ude00").toString())
        .isEqualTo("⟦U+D83D⟧|\ud83d\ude00");
  }

  @Test
  void toString_withAnOpenElement_isRefused() {
    Markup html = new Markup().open("p");
    assertThatThrownBy(html::toString).hasMessageContaining("[p]");
  }

  @Test
  void style_thatEndsItsElement_isRefused() {
    assertThatThrownBy(() -> new Markup().style("</style>"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
