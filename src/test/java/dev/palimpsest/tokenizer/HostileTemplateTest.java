package dev.palimpsest.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.Hostile;
import dev.palimpsest.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that anyone may have written render or are refused, in time. */
class HostileTemplateTest {
  private static final List<Message> CONVERSATION =
      List.of(new Message("system", "Be brief."), new Message("user", "H\u00e9 \uD83D\uDE00"));

  private static void render(String template) {
    ChatTemplate.parse(template, Map.of("bos_token", "<s>")).renderForReply(CONVERSATION);
  }

  @Test
  void template_damaged_rendersOrIsRefused() throws InterruptedException {
    List<String> units = new ArrayList<>();
    Reference.json("chat_templates_units")
        .get("units")
        .forEach(unit -> units.add(unit.get("template").asString()));
    assertThat(Hostile.refusals(3000, mutator -> render(mutator.text(mutator.pick(units), units))))
        .isBetween(500, 2900);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ messages|map('upper')|list|length }}"
            + "{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{% set n = namespace(x='ab') %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}"
            + "{% endfor %}",
        "{% set n = namespace(x=[1]) %}{% for a in range(99) %}{% set n.x = n.x + n.x %}"
            + "{% endfor %}",
        "{% set n = namespace(x=[1]) %}{% for a in range(99) %}{% set n.x = [n.x, n.x] %}"
            + "{% endfor %}{{ n.x == [n.x] }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ 'a' * 1099511627776 }}",
        "{{ [0] * 2147483647 }}",
        "{{ 'a'|indent(2147483647) }}",
        "{{ {'a': 1}|tojson(indent=2147483647) }}",
        "{{ -(-9223372036854775807 - 1) }}",
        "{{ 99999999999999999999 }}",
        "{{ '\\U99999999' }}",
        "{{ '\\uwxyz' }}",
        "{{ '{99999999999}'.format(1) }}",
        "{{ messages|map(attribute='99999999999999999999')|list }}",
        "{{ messages[0]|attr(1)|attr(2) + 1 }}",
        "{{ dict([[]]) }}",
        "{{ 'abc'.split('b', 99999999999) }}",
      })
  void template_thatAsksTooMuch_isRefused(String template) {
    assertThatThrownBy(() -> render(template)).isInstanceOf(TemplateException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "[", "{'a':", "not ", "-", "1 if 1 else ", "a.", "a|b(", "x("})
  void template_nestedWithoutEnd_isRefused(String opened) {
    assertThatThrownBy(() -> render("{{ " + opened.repeat(100_000) + " }}"))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> render("{{ 1" + " + 1".repeat(100_000) + " + }}"))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void template_sliceWithAWideStep_isPythons() {
    assertThat(
            ChatTemplate.parse("{{ [1, 2, 3][1::2147483647] }}{{ 'a'.startswith((1,)) }}", Map.of())
                .render(CONVERSATION))
        .isEqualTo("[2]False");
  }
}
