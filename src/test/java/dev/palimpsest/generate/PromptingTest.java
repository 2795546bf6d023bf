package dev.palimpsest.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.Message;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PromptingTest {
  private static final Message SYSTEM = new Message("system", "Be brief.");
  private static final Message ASKED = new Message("user", "1 + 1?");
  private static final Message ANSWERED = new Message("assistant", "2");
  private static final Message USER = new Message("user", "2 + 2?");
  private static final Prompting BOTH =
      new Prompting(Optional.of("Be brief."), List.of(ASKED, ANSWERED));

  @Test
  void before_aQuestion_systemThenExamplesThenQuestion() {
    assertThat(BOTH.before(Prompt.Chat.of("2 + 2?")))
        .isEqualTo(new Prompt.Chat(List.of(SYSTEM, ASKED, ANSWERED, USER)));
  }

  @Test
  void before_aConversationWithASystemText_keepsItsOwn() {
    Message own = new Message("system", "Shout.");
    assertThat(BOTH.before(new Prompt.Chat(List.of(own, USER))))
        .isEqualTo(new Prompt.Chat(List.of(own, ASKED, ANSWERED, USER)));
  }

  @Test
  void before_rawText_isRefused_butNotADocument() {
    assertThatThrownBy(() -> BOTH.before(new Prompt.Raw("2 + 2 =")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("raw prompt");
    assertThat(BOTH.before(new Prompt.Raw(""))).isEqualTo(new Prompt.Raw(""));
    assertThat(Prompting.NONE.before(new Prompt.Raw("2 +"))).isEqualTo(new Prompt.Raw("2 +"));
  }

  @Test
  void key_tellsPromptingsApart() {
    assertThat(
            List.of(
                Prompting.NONE.key(),
                BOTH.key(),
                new Prompting(Optional.of("Be brief."), List.of()).key(),
                new Prompting(Optional.empty(), List.of(ASKED, ANSWERED)).key(),
                new Prompting(Optional.empty(), List.of(ANSWERED, ASKED)).key()))
        .doesNotHaveDuplicates();
    assertThat(Prompting.NONE.key()).isEmpty();
  }
}
