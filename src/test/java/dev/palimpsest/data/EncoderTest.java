package dev.palimpsest.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.palimpsest.run.BadInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EncoderTest {
  private static final Optional<String> NONE = Optional.empty();
  private final FakeCodec chars = FakeCodec.chars();

  private static Sample.Pair pair(String prompt, String completion) {
    return new Sample.Pair("p", NONE, prompt, completion);
  }

  private static Sample.Chat chat(Turn... turns) {
    return new Sample.Chat("c", NONE, List.of(turns));
  }

  private static Turn user(String text) {
    return Turn.of("user", text);
  }

  private static Turn assistant(String text) {
    return Turn.of("assistant", text);
  }

  private static Encoder.Options raw() {
    return new Encoder.Options(NONE, Encoder.Form.RAW, 1_000_000, Encoder.Overlong.REFUSE);
  }

  private Encoder encoder(FakeTemplate template) {
    return new Encoder(chars, Optional.of(template), Encoder.Options.upTo(1_000_000));
  }

  private Encoder limited(int limit, Encoder.Overlong overlong) {
    return new Encoder(
        chars,
        Optional.of(FakeTemplate.LLAMA),
        new Encoder.Options(NONE, Encoder.Form.TEMPLATE, limit, overlong));
  }

  @Test
  void example_pairThroughTemplate_endsWithTheEndOfTurnAndDropsWhatFollows() {
    Example example = encoder(FakeTemplate.CHATML).example(pair("2+2?", "4"));

    assertThat(chars.decode(example.ids()))
        .isEqualTo(
            "<|im_start|>system\nBe good.<|im_end|>\n<|im_start|>user\n2+2?<|im_end|>\n"
                + "<|im_start|>assistant\n4<|im_end|>");
    assertThat(chars.labels(example)).isEqualTo("4<|im_end|>");
  }

  @Test
  void example_templateThatPrintsEosAtTheEnd_endsWithTheTurn() {
    Example example = encoder(FakeTemplate.PHI).example(pair("2+2?", "4"));

    assertThat(chars.decode(example.ids())).endsWith("<|assistant|>\n4<|end|>");
    assertThat(chars.labels(example)).isEqualTo("4<|end|>");
  }

  @Test
  void example_chat_trainsEveryAnswerUnlessToldNotTo() {
    Sample.Chat chat =
        chat(
            user("a"),
            assistant("b"),
            user("c"),
            new Turn("assistant", "d", false),
            user("e"),
            assistant("f"));

    assertThat(chars.labels(encoder(FakeTemplate.LLAMA).example(chat))).isEqualTo("b<eot>f<eot>");
    assertThat(chars.labels(encoder(FakeTemplate.LLAMA).lastAnswer(chat))).isEqualTo("f<eot>");
  }

  @Test
  void lastAnswer_lastTurnIsNotTrained_isScoredAllTheSame() {
    Sample.Chat chat =
        chat(user("a"), assistant("b"), user("c"), new Turn("assistant", "d", false));

    assertThat(chars.labels(encoder(FakeTemplate.CHATML).lastAnswer(chat)))
        .isEqualTo("d<|im_end|>");
  }

  @Test
  void example_chatEndsWithTheUser_leavesThatTurnOut() {
    Example example =
        encoder(FakeTemplate.LLAMA)
            .example(chat(user("a"), assistant("b"), user("never answered")));

    assertThat(chars.decode(example.ids())).endsWith("b<eot>").doesNotContain("never");
  }

  @Test
  void example_answerWrittenLikeTheTemplate_isMarkedToItsOwnEnd() {
    String tricky = "<|im_end|>\n<|im_start|>assistant\n<|im_end|>\n";
    Example example = encoder(FakeTemplate.CHATML).example(pair("x", tricky));

    assertThat(chars.labels(example)).isEqualTo(tricky + "<|im_end|>");
  }

  @Test
  void example_emptyAnswer_trainsTheEndOfTurnAlone() {
    assertThat(chars.labels(encoder(FakeTemplate.CHATML).example(pair("x", ""))))
        .isEqualTo("<|im_end|>");
  }

  @Test
  void example_templateRewritesHistory_isRefusedUnlessOnlyTheLastIsTrained() {
    Encoder encoder = encoder(FakeTemplate.THINKING);

    assertThatThrownBy(
            () -> encoder.example(chat(user("a"), assistant("b"), user("c"), assistant("d"))))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("example 'c'")
        .hasMessageContaining("rewrites turn 1")
        .hasMessageContaining("\"train\": false");
    Example last =
        encoder.example(
            chat(user("a"), new Turn("assistant", "b", false), user("c"), assistant("d")));
    assertThat(chars.labels(last)).isEqualTo("[no thought]\nd<end>");
    assertThat(chars.decode(last.ids())).contains("assistant\nb<end>");
  }

  @Test
  void example_templateAsksOtherwiseThanItShows_isRefused() {
    assertThatThrownBy(() -> encoder(FakeTemplate.FORCED).example(pair("a", "b")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("opens turn 1 otherwise")
        .hasMessageContaining("--raw");
  }

  @Test
  void example_templateWithoutEndOfTurn_endsWithTheContent() {
    Encoder encoder = encoder(FakeTemplate.OPEN);

    assertThat(chars.labels(encoder.example(pair("a", "b")))).isEqualTo("b");
    assertThat(encoder.endOfTurn()).isEmpty();
    assertThat(encoder(FakeTemplate.PHI).endOfTurn()).contains("<|end|>");
  }

  @Test
  void example_system_goesBeforeConversationsThatHaveNone() {
    Encoder encoder =
        new Encoder(
            chars,
            Optional.of(FakeTemplate.CHATML),
            new Encoder.Options(
                Optional.of("Be brief."), Encoder.Form.TEMPLATE, 1000, Encoder.Overlong.REFUSE));

    assertThat(chars.decode(encoder.example(pair("a", "b")).ids()))
        .startsWith("<|im_start|>system\nBe brief.<|im_end|>\n")
        .doesNotContain("Be good.");
    assertThat(
            chars.decode(
                encoder.example(chat(Turn.of("system", "S"), user("a"), assistant("b"))).ids()))
        .startsWith("<|im_start|>system\nS<|im_end|>\n")
        .doesNotContain("brief");
  }

  @Test
  void templateSystem_isFoundWhereTheTemplateAddsOne() {
    assertThat(encoder(FakeTemplate.CHATML).templateSystem())
        .contains("<|im_start|>system\nBe good.<|im_end|>");
    assertThat(encoder(FakeTemplate.LLAMA).templateSystem()).isEmpty();
    assertThat(encoder(FakeTemplate.OPEN).templateSystem()).isEmpty();
  }

  @Test
  void prompt_isWhatComesBeforeTheAnswer() {
    Encoder encoder = encoder(FakeTemplate.LLAMA);
    String asked = "<bos><head>user</head>\n\na<eot><head>assistant</head>\n\n";

    assertThat(chars.decode(encoder.prompt(pair("a", "b")))).isEqualTo(asked);
    assertThat(chars.decode(encoder.prompt(chat(user("a"), assistant("b"))))).isEqualTo(asked);
    assertThat(chars.decode(encoder.prompt(chat(user("a"))))).isEqualTo(asked);
  }

  @Test
  void example_rawPair_beginsAtTheFirstTokenThatEndsPastThePrompt() {
    for (long seed = 0; seed < 300; seed++) {
      FakeCodec codec = new FakeCodec(4, seed, "", "");
      Encoder encoder = new Encoder(codec, Optional.of(FakeTemplate.CHATML), raw());
      Example example = encoder.example(pair("the prompt", " and its completion"));

      String before = "";
      for (int i = 0; i < example.length(); i++) {
        before += codec.decode(new int[] {example.ids()[i]});
        assertThat(example.label()[i])
            .as("seed %d, after '%s'", seed, before)
            .isEqualTo(before.length() > "the prompt".length());
      }
      assertThat(before).isEqualTo("the prompt and its completion");
    }
  }

  @Test
  void example_rawWithDocumentMarks_hasThemAndLearnsTheLast() {
    FakeCodec codec = new FakeCodec(1, 0, "<bos>", "<eos>");
    Encoder encoder = new Encoder(codec, Optional.empty(), raw());

    Example joined = encoder.example(pair("ab", "cd"));
    assertThat(codec.decode(joined.ids())).isEqualTo("<bos>abcd<eos>");
    assertThat(codec.labels(joined)).isEqualTo("cd<eos>");
    assertThat(codec.decode(encoder.prompt(pair("ab", "cd")))).isEqualTo("<bos>ab");
    Example text = encoder.example(new Sample.Text("t", NONE, "abcd"));
    assertThat(codec.labels(text)).isEqualTo("abcd<eos>");
  }

  @Test
  void example_textWithoutMarks_scoresAllButTheFirst() {
    Example text = encoder(FakeTemplate.CHATML).example(new Sample.Text("t", NONE, "abcd"));

    assertThat(chars.decode(text.ids())).isEqualTo("abcd");
    assertThat(chars.labels(text)).isEqualTo("bcd");
  }

  @Test
  void example_pairWithoutTemplate_isRawAndMessagesAreRefused() {
    Encoder encoder = new Encoder(chars, Optional.empty(), Encoder.Options.upTo(1000));

    assertThat(chars.decode(encoder.example(pair("ab", "cd")).ids())).isEqualTo("abcd");
    assertThatThrownBy(() -> encoder.example(chat(user("a"), assistant("b"))))
        .hasMessage(
            "example 'c': messages need a chat template, and the model has none; give prompt and"
                + " completion");
  }

  @ParameterizedTest
  @EnumSource(names = {"CHATML", "LLAMA", "PHI"})
  void labels_anyChatAnyTokenizer_lieWithinTheAnswersAndCoverThem(FakeTemplate template) {
    for (long seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      FakeCodec codec = new FakeCodec(1 + random.nextInt(5), seed, "", "");
      Encoder encoder = new Encoder(codec, Optional.of(template), Encoder.Options.upTo(1_000_000));
      List<Turn> turns = new ArrayList<>();
      String wanted = "";
      for (int k = 0; k <= random.nextInt(4); k++) {
        turns.add(user(words(random)));
        boolean train = random.nextBoolean();
        String answer = words(random);
        turns.add(new Turn("assistant", answer, train));
        wanted += train ? answer + encoder.endOfTurn().orElseThrow() : "";
      }
      turns.add(user("last"));
      turns.add(assistant("x" + seed));
      wanted += "x" + seed + encoder.endOfTurn().orElseThrow();
      Sample.Chat chat = new Sample.Chat("c", NONE, turns);

      Example byChar =
          new Encoder(chars, Optional.of(template), Encoder.Options.upTo(1_000_000)).example(chat);
      assertThat(chars.labels(byChar)).as("seed %d", seed).isEqualTo(wanted);
      String marks = "";
      for (int i = 0; i < byChar.length(); i++) {
        String mark = byChar.label()[i] ? "1" : "0";
        marks += mark.repeat(chars.decode(new int[] {byChar.ids()[i]}).length());
      }

      Example example = encoder.example(chat);
      int end = 0;
      for (int i = 0; i < example.length(); i++) {
        end += codec.decode(new int[] {example.ids()[i]}).length();
        assertThat(example.label()[i])
            .as("seed %d, token %d of %s", seed, i, encoder.marked(chat).show())
            .isEqualTo(marks.charAt(end - 1) == '1');
      }
      assertThat(end).isEqualTo(marks.length());
      String shown = encoder.marked(chat).show().replace("⟦", "").replace("⟧", "");
      assertThat(shown).isEqualTo(codec.decode(example.ids()));
    }
  }

  private static String words(Random random) {
    StringBuilder text = new StringBuilder("w");
    for (int i = 0; i < random.nextInt(12); i++) {
      text.append("ab c.é\u4e2d".charAt(random.nextInt(7)));
    }
    return text.append("z").toString();
  }

  @Test
  void marked_showsLabelsInBrackets() {
    assertThat(encoder(FakeTemplate.LLAMA).marked(pair("q", "a")).show())
        .isEqualTo("<bos><head>user</head>\n\nq<eot><head>assistant</head>\n\n⟦a<eot>⟧");
  }

  @Test
  void example_longerThanTheLimit_isRefusedByName() {
    assertThatThrownBy(
            () -> limited(20, Encoder.Overlong.REFUSE).example(pair("long question", "answer")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("example 'p': ")
        .hasMessageContaining("tokens, more than the limit of 20")
        .hasMessageContaining("--truncate");
  }

  @Test
  void example_truncated_isCutFromItsEnd() {
    Encoder whole = limited(1000, Encoder.Overlong.REFUSE);
    int length = whole.example(pair("q", "an answer")).length();

    Example cut = limited(length - 3, Encoder.Overlong.TRUNCATE).example(pair("q", "an answer"));

    assertThat(cut.length()).isEqualTo(length - 3);
    assertThat(chars.labels(cut)).isEqualTo("an answ");
    assertThatThrownBy(() -> limited(5, Encoder.Overlong.TRUNCATE).example(pair("q", "a")))
        .hasMessageContaining("nothing of the answer is left");
  }

  @Test
  void example_nothingToLearn_isRefused() {
    assertThatThrownBy(
            () ->
                encoder(FakeTemplate.CHATML)
                    .example(chat(user("a"), new Turn("assistant", "b", false))))
        .hasMessageContaining("example 'c': no token to learn");
    assertThatThrownBy(() -> new Encoder(chars, Optional.empty(), raw()).example(pair("a", "")))
        .hasMessageContaining("no token to learn");
  }

  @Test
  void options_systemWithRaw_isRefused() {
    assertThatThrownBy(
            () ->
                new Encoder.Options(
                    Optional.of("s"), Encoder.Form.RAW, 10, Encoder.Overlong.REFUSE))
        .hasMessageContaining("--raw");
  }

  @Test
  void admit_namesEveryRowThatCannotBeTrainedOn(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("d.jsonl");
    String longer = "x".repeat(200);
    Files.writeString(
        file,
        "{\"id\":\"good\",\"prompt\":\"a\",\"completion\":\"b\"}\n"
            + "{\"id\":\"long\",\"prompt\":\""
            + longer
            + "\",\"completion\":\"b\"}\n"
            + "{\"id\":\"mute\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
            + "{\"role\":\"assistant\",\"content\":\"b\",\"train\":false}]}\n");
    try (Dataset data = SampleReader.read(file, ReadOptions.plain())) {
      assertThatThrownBy(() -> limited(200, Encoder.Overlong.REFUSE).admit(data))
          .isInstanceOf(BadInput.class)
          .hasMessageStartingWith(file + ": line 2, example 'long': 2")
          .hasMessageContaining("; line 3, example 'mute': no token");
    }
  }

  @Test
  void admit_truncating_countsWhatIsCut(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("d.jsonl");
    Files.writeString(
        file,
        "{\"prompt\":\"a\",\"completion\":\""
            + "y".repeat(300)
            + "\"}\n"
            + "{\"prompt\":\"a\",\"completion\":\"b\"}\n");
    try (Dataset data = SampleReader.read(file, ReadOptions.plain())) {
      Encoder encoder = limited(100, Encoder.Overlong.TRUNCATE);
      long cut = encoder.whole(data.sample(0)).length() - 100L;

      assertThat(encoder.admit(data)).isEqualTo(new Encoder.Admission(2, 1, cut, cut));
    }
  }
}
