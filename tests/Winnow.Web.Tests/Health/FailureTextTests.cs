using System.Reflection;
using Winnow.Abstractions.Health;

namespace Winnow.Web.Tests.Health;

/// <summary>Whoever is told of a failure reads what caused it, however often it was wrapped on its way.</summary>
public sealed class FailureTextTests
{
    private static readonly IOException Cause = new("The cable is out.");

    private static readonly Dictionary<string, Exception> Wrapped = new()
    {
        ["not at all"] = Cause,
        ["by Orleans"] = new InvalidOperationException(
            "Failed to create an instance of grain type 'X'. See InnerException for details.", Cause),
        ["twice"] = new OrleansException("A grain could not be activated.", new AggregateException(Cause)),
        ["by reflection"] = new TargetInvocationException(new TypeInitializationException("X", Cause)),
    };

    public static TheoryData<string> Ways => [.. Wrapped.Keys];

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_wrapper_that_says_nothing_is_left_out(string way) => Assert.Equal("The cable is out.", FailureText.Told(Wrapped[way]));

    [Fact]
    public void A_sentence_of_ours_stands_before_what_lies_beneath_it()
    {
        Assert.Equal("The source rests.", FailureText.Told(new InvalidOperationException("The source rests.", Cause)));
        var full = StorageFullException.Of("The disk of the ledger", Cause);
        Assert.Equal(full.Message, FailureText.Told(new InvalidOperationException("The source rests.", full)));
    }
}
