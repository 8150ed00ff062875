namespace Winnow.Client;

/// <summary>A request did not come through and is about to be repeated.</summary>
/// <param name="Request">Its method and path.</param>
/// <param name="Reason">Why it did not come through, as a sentence.</param>
/// <param name="Attempt">Which repetition comes, from 1 on.</param>
/// <param name="Attempts">How many there are at most.</param>
/// <param name="Delay">The pause before it.</param>
public sealed record RetryNotice(string Request, string Reason, int Attempt, int Attempts, TimeSpan Delay);
