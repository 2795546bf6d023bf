package dev.palimpsest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.generate.Prompt;
import dev.palimpsest.generate.Prompting;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.Message;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SidesTest {
  private static final Side BASE = new Side("model", Optional.empty());
  private static final Side TUNED = new Side("model", Optional.of(Path.of("one")));
  private static final Side SECOND = new Side("model", Optional.of(Path.of("two")));
  private static final Control RANDOM = new Control.Random(0);
  private static final Prompting SHOWN =
      new Prompting(
          Optional.of("Add."),
          List.of(new Message("user", "1 + 1?"), new Message("assistant", "2")));

  private static Probe probe(Prompt prompt) {
    return new Probe(
        "p",
        ProbeKind.RETENTION,
        Path.of(""),
        List.of(new ProbeItem.Ask("1", Optional.empty(), prompt, "2", Metric.EXACT)));
  }

  private static void fit(Prompting shown, Prompt prompt) {
    new Sides(BASE.prompted(shown), TUNED).requireFit(List.of(probe(prompt)));
  }

  @Test
  void control_isParsed() {
    assertThat(Control.parse("random")).isEqualTo(RANDOM);
    assertThat(Control.parse("random:12"))
        .isEqualTo(new Control.Random(12))
        .hasToString("random:12");
    assertThat(Control.parse("randomly")).isEqualTo(new Control.Other(Side.parse("randomly")));
  }

  @Test
  void controls_areAskedAsTheSideAfterIs() {
    Sides sides =
        new Sides(BASE, TUNED.prompted(SHOWN), List.of(RANDOM, new Control.Other(SECOND)));
    assertThat(sides.controls()).containsExactly(RANDOM, new Control.Other(SECOND.prompted(SHOWN)));
  }

  @Test
  void controls_givenTwiceOrThatAreTheChangeItself_areRefusedTogether() {
    List<Control> controls = List.of(RANDOM, RANDOM, new Control.Other(TUNED));
    assertThatThrownBy(() -> new Sides(BASE, TUNED, controls))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("random:0 is given twice")
        .hasMessageContaining("model+one is the side after itself");
  }

  @Test
  void randomControl_withoutAnAdapterOverTheBaseItself_isRefused() {
    Side other = new Side("other", Optional.empty());
    for (Sides sides :
        List.of(new Sides(BASE, BASE), new Sides(SECOND, TUNED), new Sides(other, TUNED))) {
      assertThatThrownBy(() -> new Sides(sides.before(), sides.after(), List.of(RANDOM)))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("stands in the place of an adapter");
    }
  }

  @Test
  void examples_thatAreProbeItems_areRefused() {
    assertThatThrownBy(() -> fit(SHOWN, Prompt.Chat.of("1 +  1?")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("probe p: 1 of its items are among the examples");
    assertThatCode(() -> fit(SHOWN, Prompt.Chat.of("2 + 2?"))).doesNotThrowAnyException();
  }

  @Test
  void prompting_thatWouldNotBeHeard_isRefused() {
    Prompt own =
        new Prompt.Chat(List.of(new Message("system", "Shout."), new Message("user", "2 + 2?")));
    assertThatThrownBy(() -> fit(SHOWN, own)).hasMessageContaining("a system text of its own");
    assertThatThrownBy(() -> fit(SHOWN, new Prompt.Raw("2 + 2 =")))
        .hasMessageContaining("raw prompts");
    assertThatCode(() -> fit(Prompting.NONE, new Prompt.Raw("2 + 2 ="))).doesNotThrowAnyException();
  }
}
