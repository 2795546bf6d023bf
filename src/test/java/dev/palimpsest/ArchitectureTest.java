package dev.palimpsest;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The house: packages one level deep, arrows only from a higher level to a lower one. */
class ArchitectureTest {
  private static final String ROOT = "dev.palimpsest";

  /** The root package holds the entry points for Java programs, beside the command line. */
  private static final Map<String, Integer> LEVELS =
      Map.ofEntries(
          Map.entry("tensor", 0),
          Map.entry("tokenizer", 0),
          Map.entry("run", 0),
          Map.entry("model", 1),
          Map.entry("data", 1),
          Map.entry("generate", 2),
          Map.entry("tune", 3),
          Map.entry("inspect", 3),
          Map.entry("merge", 3),
          Map.entry("measure", 4),
          Map.entry("retrieve", 4),
          Map.entry("serve", 4),
          Map.entry("prompt", 5),
          Map.entry("compare", 6),
          Map.entry("report", 7),
          Map.entry("", 8),
          Map.entry("cli", 8));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  private static String room(JavaClass type) {
    String name = type.getPackageName();
    return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1);
  }

  @Test
  void packages_areOneLevelDeepAndListed() {
    assertThat(CLASSES.size()).isGreaterThan(10);
    for (JavaClass type : CLASSES) {
      assertThat(LEVELS).as(type.getName()).containsKey(room(type));
    }
  }

  @Test
  void arrows_goFromAHigherLevelToALowerOne() {
    TreeSet<String> wrong = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      for (Dependency arrow : type.getDirectDependenciesFromSelf()) {
        JavaClass target = arrow.getTargetClass().getBaseComponentType();
        if (target.getPackageName().startsWith(ROOT)
            && !room(target).equals(room(type))
            && LEVELS.get(room(type)) <= LEVELS.get(room(target))) {
          wrong.add(type.getName() + " -> " + target.getName());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void entryPoints_areKnownToNothingElse() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".*")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT)
        .check(CLASSES);
  }

  /** What stays may not speak of what may change. */
  @Test
  void entryPoints_speakOfTheirOwnTypesAndTheJdksAlone() {
    TreeSet<String> wrong = new TreeSet<>();
    int seen = 0;
    for (JavaClass type : CLASSES) {
      if (!type.getPackageName().equals(ROOT) || !visible(type.getModifiers())) {
        continue;
      }
      for (JavaCodeUnit unit : type.getCodeUnits()) {
        if (visible(unit.getModifiers())) {
          seen++;
          Stream.concat(unit.getParameterTypes().stream(), Stream.of(unit.getReturnType()))
              .flatMap(mentioned -> mentioned.getAllInvolvedRawTypes().stream())
              .map(JavaClass::getBaseComponentType)
              .filter(mentioned -> !mentioned.isPrimitive())
              .filter(mentioned -> !mentioned.getPackageName().equals(ROOT))
              .filter(mentioned -> !mentioned.getPackageName().startsWith("java."))
              .forEach(mentioned -> wrong.add(unit.getFullName() + ": " + mentioned.getName()));
        }
      }
    }
    assertThat(seen).isGreaterThan(50);
    assertThat(wrong).isEmpty();
  }

  private static boolean visible(Set<JavaModifier> modifiers) {
    return modifiers.contains(JavaModifier.PUBLIC);
  }

  @Test
  void libtorch_isKnownToTensorAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".tensor")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.bytedeco..")
        .check(CLASSES);
  }

  @Test
  void standardOutput_isWrittenByTheCommandLineAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".cli")
        .should()
        .accessField(System.class, "out")
        .check(CLASSES);
  }

  @Test
  void implementation_isNotInherited() {
    TreeSet<String> wrong = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      type.getRawSuperclass()
          .filter(parent -> parent.getPackageName().startsWith(ROOT))
          .ifPresent(parent -> wrong.add(type.getName() + " extends " + parent.getName()));
      if (type.getSimpleName().matches(".*(Manager|Util|Utils|Helper|Impl)")) {
        wrong.add(type.getName());
      }
    }
    assertThat(wrong).isEmpty();
  }
}
